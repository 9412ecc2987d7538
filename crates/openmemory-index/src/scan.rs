//! The inner loops: halves of rows against one query.
//!
//! The products are whole numbers and exact, so every processor finds the same.

use pulp::NullaryFnOnce;

use super::quantise::{Nibbles, Pairs};

/// Puts the product of each row's high halves and the query into `products`. There are as many rows as products.
pub(super) fn multiply_high<'a>(
    arch: pulp::Arch,
    query: &Pairs<i8>,
    rows: impl Iterator<Item = &'a [u8]>,
    products: &mut [i32],
) {
    match arch {
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V4(simd) => pulp::Simd::vectorize(simd, x86::Fours { simd, query, rows, products }),
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V3(simd) => pulp::Simd::vectorize(simd, x86::Fours { simd, query, rows, products }),
        _ => arch.dispatch(OneByOne { query, rows, products }),
    }
}

/// The product of a row, each byte of which is taken as it is stored, less 128, and the query.
pub(super) fn multiply(arch: pulp::Arch, query: &Pairs<i16>, row: Nibbles<'_>) -> i32 {
    match arch {
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V4(simd) => pulp::Simd::vectorize(simd, x86::Whole { simd, query, row }),
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V3(simd) => pulp::Simd::vectorize(simd, x86::Whole { simd, query, row }),
        _ => arch.dispatch(Whole { query, row }),
    }
}

/// What the compiler makes of the plain form: good where there are instructions for bytes, as on ARM.
struct OneByOne<'p, R> {
    query: &'p Pairs<i8>,
    rows: R,
    products: &'p mut [i32],
}

impl<'a, R: Iterator<Item = &'a [u8]>> NullaryFnOnce for OneByOne<'_, R> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (found, row) in self.products.iter_mut().zip(self.rows) {
            *found = product_high(row, &self.query.first, &self.query.second);
        }
    }
}

#[inline(always)]
fn product_high(row: &[u8], first: &[i8], second: &[i8]) -> i32 {
    let pairs = row.iter().zip(first).zip(second);
    pairs.map(|((pair, a), b)| i32::from(pair & 15) * i32::from(*a) + i32::from(pair >> 4) * i32::from(*b)).sum()
}

struct Whole<'p> {
    query: &'p Pairs<i16>,
    row: Nibbles<'p>,
}

impl NullaryFnOnce for Whole<'_> {
    type Output = i32;

    #[inline(always)]
    fn call(self) -> i32 {
        let Self { query: Pairs { first, second }, row: Nibbles { high, low } } = self;
        product(high, low, first, second)
    }
}

#[inline(always)]
fn product(high: &[u8], low: &[u8], first: &[i16], second: &[i16]) -> i32 {
    let less_128 = |stored: u8| i32::from((stored ^ 128).cast_signed());
    let pairs = high.iter().zip(low).zip(first.iter().zip(second));
    let products = pairs.map(|((high, low), (a, b))| {
        less_128(high << 4 | low & 15) * i32::from(*a) + less_128(high & 0xF0 | low >> 4) * i32::from(*b)
    });
    products.fold(0, i32::wrapping_add)
}

/// By instructions that no compiler finds in the plain forms.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use pulp::x86::{V3, V4};
    use pulp::{NullaryFnOnce, Simd, cast, i32x4, i32x8, i32x16, u64x4, u64x8};

    use super::super::quantise::{Nibbles, Pairs};
    use super::{product, product_high};

    /// Bytes of a row, with two halves each, that are multiplied together.
    const PIECE: usize = 64;

    /// The high halves of four rows at once.
    pub(super) struct Fours<'p, S, R> {
        pub(super) simd: S,
        pub(super) query: &'p Pairs<i8>,
        pub(super) rows: R,
        pub(super) products: &'p mut [i32],
    }

    impl<'a, S: Multiply, R: Iterator<Item = &'a [u8]>> NullaryFnOnce for Fours<'_, S, R> {
        type Output = ();

        #[inline(always)]
        fn call(mut self) {
            for products in self.products.chunks_mut(4) {
                // Where fewer are left, the first stands in.
                let Some(first) = self.rows.next() else { return };
                let mut rows = [first; 4];
                for (place, row) in rows[1..products.len()].iter_mut().zip(&mut self.rows) {
                    *place = row;
                }
                let found = four(self.simd, rows, self.query);
                products.copy_from_slice(&found[..products.len()]);
            }
        }
    }

    #[inline(always)]
    fn four<S: Multiply>(simd: S, rows: [&[u8]; 4], query: &Pairs<i8>) -> [i32; 4] {
        let ((first, first_rest), (second, second_rest)) = (query.first.as_chunks(), query.second.as_chunks());
        let rows = rows.map(<[u8]>::as_chunks);
        let mut sums = [simd.splat_i32s(0); 4];
        for from in (0..first.len()).step_by(S::TOGETHER) {
            let pieces = from..first.len().min(from + S::TOGETHER);
            for (sums, (row, _)) in sums.iter_mut().zip(&rows) {
                let (row, first) = (&row[pieces.clone()], &first[pieces.clone()]);
                *sums = simd.add_products_of_high(*sums, row, first, &second[pieces.clone()]);
            }
        }
        let mut totals = simd.totals(sums);
        for (total, (_, rest)) in totals.iter_mut().zip(rows) {
            *total += product_high(rest, first_rest, second_rest);
        }
        totals
    }

    /// A whole row.
    pub(super) struct Whole<'p, S> {
        pub(super) simd: S,
        pub(super) query: &'p Pairs<i16>,
        pub(super) row: Nibbles<'p>,
    }

    impl<S: Multiply> NullaryFnOnce for Whole<'_, S> {
        type Output = i32;

        #[inline(always)]
        fn call(self) -> i32 {
            let Self { simd, query, row: Nibbles { high, low } } = self;
            let ((first, first_rest), (second, second_rest)) = (query.first.as_chunks(), query.second.as_chunks());
            let ((high, high_rest), (low, low_rest)) = (high.as_chunks(), low.as_chunks());
            let mut sums = [simd.splat_i32s(0); 4];
            for ((high, low), (first, second)) in high.iter().zip(low).zip(first.iter().zip(second)) {
                sums = simd.add_products(sums, high, low, first, second);
            }
            let rest = product(high_rest, low_rest, first_rest, second_rest);
            simd.totals(sums).into_iter().fold(rest, i32::wrapping_add)
        }
    }

    pub(super) trait Multiply: Simd {
        /// Pieces whose products of high halves fit 16 bits.
        const TOGETHER: usize;

        /// `sums` and the products of the high halves of a few pieces and of the query.
        fn add_products_of_high(
            self,
            sums: Self::i32s,
            row: &[[u8; PIECE]],
            first: &[[i8; PIECE]],
            second: &[[i8; PIECE]],
        ) -> Self::i32s;

        /// `sums` and the products of a piece of a row and of the query.
        fn add_products(
            self,
            sums: [Self::i32s; 4],
            high: &[u8; PIECE],
            low: &[u8; PIECE],
            first: &[i16; PIECE],
            second: &[i16; PIECE],
        ) -> [Self::i32s; 4];

        /// What each adds up to.
        fn totals(self, sums: [Self::i32s; 4]) -> [i32; 4];
    }

    impl Multiply for V4 {
        const TOGETHER: usize = 4;

        #[inline(always)]
        fn add_products_of_high(
            self,
            sums: i32x16,
            row: &[[u8; PIECE]],
            first: &[[i8; PIECE]],
            second: &[[i8; PIECE]],
        ) -> i32x16 {
            let (bw, half) = (self.avx512bw, self.splat_u64x8(HALF));
            let mut products = cast(self.splat_u64x8(0));
            for ((row, first), second) in row.iter().zip(first).zip(second) {
                let row: u64x8 = cast(*row);
                let a = bw._mm512_maddubs_epi16(cast(self.and_u64x8(row, half)), cast(*first));
                let row = cast(bw._mm512_srli_epi16::<4>(cast(row)));
                let b = bw._mm512_maddubs_epi16(cast(self.and_u64x8(row, half)), cast(*second));
                products = bw._mm512_add_epi16(products, bw._mm512_add_epi16(a, b));
            }
            let products = bw._mm512_madd_epi16(products, cast([1i16; 32]));
            self.wrapping_add_i32x16(sums, cast(products))
        }

        #[inline(always)]
        fn add_products(
            self,
            sums: [i32x16; 4],
            high: &[u8; PIECE],
            low: &[u8; PIECE],
            first: &[i16; PIECE],
            second: &[i16; PIECE],
        ) -> [i32x16; 4] {
            let (bw, half, top) = (self.avx512bw, self.splat_u64x8(HALF), self.splat_u64x8(TOP));
            let (high, low): (u64x8, u64x8) = (cast(*high), cast(*low));
            let up = |halves: u64x8| cast(bw._mm512_slli_epi16::<4>(cast(self.and_u64x8(halves, half))));
            let down = |halves: u64x8| self.and_u64x8(cast(bw._mm512_srli_epi16::<4>(cast(halves))), half);
            let a = self.or_u64x8(up(high), self.and_u64x8(low, half));
            let b = self.or_u64x8(self.and_u64x8(high, self.not_u64x8(half)), down(low));
            let [a, b]: [[[u8; 32]; 2]; 2] = [cast(self.xor_u64x8(a, top)), cast(self.xor_u64x8(b, top))];
            let [first, second]: [[[i16; 32]; 2]; 2] = [cast(*first), cast(*second)];
            let add = |sums, row: [u8; 32], query: [i16; 32]| {
                let products = bw._mm512_madd_epi16(bw._mm512_cvtepi8_epi16(cast(row)), cast(query));
                self.wrapping_add_i32x16(sums, cast(products))
            };
            let [w, x, y, z] = sums;
            [add(w, a[0], first[0]), add(x, a[1], first[1]), add(y, b[0], second[0]), add(z, b[1], second[1])]
        }

        #[inline(always)]
        fn totals(self, [a, b, c, d]: [i32x16; 4]) -> [i32; 4] {
            let half = |sums: i32x16| {
                let [low, high]: [i32x8; 2] = cast(sums);
                self.wrapping_add_i32x8(low, high)
            };
            (*self).totals([half(a), half(b), half(c), half(d)])
        }
    }

    impl Multiply for V3 {
        const TOGETHER: usize = 2;

        #[inline(always)]
        fn add_products_of_high(
            self,
            sums: i32x8,
            row: &[[u8; PIECE]],
            first: &[[i8; PIECE]],
            second: &[[i8; PIECE]],
        ) -> i32x8 {
            let (avx2, half) = (self.avx2, self.splat_u64x4(HALF));
            let mut products = cast(self.splat_u64x4(0));
            let parts = row.as_flattened().as_chunks::<32>().0.iter();
            let query = first.as_flattened().as_chunks::<32>().0.iter().zip(second.as_flattened().as_chunks::<32>().0);
            for (row, (first, second)) in parts.zip(query) {
                let row: u64x4 = cast(*row);
                let a = avx2._mm256_maddubs_epi16(cast(self.and_u64x4(row, half)), cast(*first));
                let row = cast(avx2._mm256_srli_epi16::<4>(cast(row)));
                let b = avx2._mm256_maddubs_epi16(cast(self.and_u64x4(row, half)), cast(*second));
                products = avx2._mm256_add_epi16(products, avx2._mm256_add_epi16(a, b));
            }
            let products = avx2._mm256_madd_epi16(products, cast([1i16; 16]));
            self.wrapping_add_i32x8(sums, cast(products))
        }

        #[inline(always)]
        fn add_products(
            self,
            mut sums: [i32x8; 4],
            high: &[u8; PIECE],
            low: &[u8; PIECE],
            first: &[i16; PIECE],
            second: &[i16; PIECE],
        ) -> [i32x8; 4] {
            let (avx2, half, top) = (self.avx2, self.splat_u64x4(HALF), self.splat_u64x4(TOP));
            let [high, low]: [[u64x4; 2]; 2] = [cast(*high), cast(*low)];
            let [first, second]: [[[[i16; 16]; 2]; 2]; 2] = [cast(*first), cast(*second)];
            let up = |halves: u64x4| cast(avx2._mm256_slli_epi16::<4>(cast(self.and_u64x4(halves, half))));
            let down = |halves: u64x4| self.and_u64x4(cast(avx2._mm256_srli_epi16::<4>(cast(halves))), half);
            let add = |sums, row: [u8; 16], query: [i16; 16]| {
                let products = avx2._mm256_madd_epi16(avx2._mm256_cvtepi8_epi16(cast(row)), cast(query));
                self.wrapping_add_i32x8(sums, cast(products))
            };
            for part in 0..2 {
                let (high, low, first, second) = (high[part], low[part], first[part], second[part]);
                let a = self.or_u64x4(up(high), self.and_u64x4(low, half));
                let b = self.or_u64x4(self.and_u64x4(high, self.not_u64x4(half)), down(low));
                let [a, b]: [[[u8; 16]; 2]; 2] = [cast(self.xor_u64x4(a, top)), cast(self.xor_u64x4(b, top))];
                let [w, x, y, z] = sums;
                sums =
                    [add(w, a[0], first[0]), add(x, a[1], first[1]), add(y, b[0], second[0]), add(z, b[1], second[1])];
            }
            sums
        }

        #[inline(always)]
        fn totals(self, [a, b, c, d]: [i32x8; 4]) -> [i32; 4] {
            let pairs = |a, b| self.avx2._mm256_hadd_epi32(a, b);
            let (ab, cd) = (pairs(cast(a), cast(b)), pairs(cast(c), cast(d)));
            let [low, high]: [i32x4; 2] = cast(pairs(ab, cd));
            cast(self.wrapping_add_i32x4(low, high))
        }
    }

    /// The lower half of each byte, and its highest bit.
    const HALF: u64 = 0x0F0F_0F0F_0F0F_0F0F;
    const TOP: u64 = 0x8080_8080_8080_8080;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every form of the loops that this processor can run.
    fn forms() -> Vec<pulp::Arch> {
        #[cfg(target_arch = "x86_64")]
        let special = [pulp::x86::V4::try_new().map(pulp::Arch::V4), pulp::x86::V3::try_new().map(pulp::Arch::V3)];
        #[cfg(not(target_arch = "x86_64"))]
        let special = [Some(pulp::Arch::new())];
        special.into_iter().flatten().chain([pulp::Arch::Scalar]).collect()
    }

    fn pairs<T>(width: usize, number: impl Fn(usize) -> T) -> Pairs<T> {
        let every_other = |from| (from..2 * width).step_by(2).map(&number).collect();
        Pairs { first: every_other(0), second: every_other(1) }
    }

    /// The halves of each dimension's byte.
    fn halves(bytes: &[u8]) -> impl Iterator<Item = i32> {
        bytes.iter().flat_map(|pair| [i32::from(pair & 15), i32::from(pair >> 4)])
    }

    #[test]
    fn every_form_finds_the_same_products_for_every_width_and_number_of_rows() {
        for width in [1, 63, 64, 65, 129, 192, 330] {
            let byte = |at: usize| (at * 37 % 256) as u8;
            let rough = |at: usize| (at * 79 % 255) as i8;
            let fine = |at: usize| (at * 7919 % 30_000) as i16 - 15_000;
            for count in 0..10 {
                let bytes: Vec<u8> = (0..2 * count * width).map(byte).collect();
                let (high, low) = bytes.split_at(count * width);
                let expected: Vec<i32> = high
                    .chunks_exact(width)
                    .map(|row| halves(row).enumerate().map(|(at, half)| half * i32::from(rough(at))).sum())
                    .collect();
                for form in forms() {
                    let mut products = vec![1; count];
                    multiply_high(form, &pairs(width, rough), high.chunks_exact(width), &mut products);
                    assert_eq!(products, expected, "{form:?}, {count} rows of {width}");
                    for (high, low) in high.chunks_exact(width).zip(low.chunks_exact(width)) {
                        let stored = halves(high).zip(halves(low)).map(|(high, low)| 16 * high + low - 128);
                        let expected: i32 = stored.enumerate().map(|(at, code)| code * i32::from(fine(at))).sum();
                        assert_eq!(
                            multiply(form, &pairs(width, fine), Nibbles { high, low }),
                            expected,
                            "{form:?}, {width}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        const WIDTH: usize = 512;
        let row = [255; WIDTH];
        for form in forms() {
            for sign in [1, -1] {
                let mut products = [0; 5];
                let query = pairs(WIDTH, |_| 127 * sign);
                multiply_high(form, &query, std::iter::repeat_n(&row[..], 5), &mut products);
                assert_eq!(products, [WIDTH as i32 * 2 * 15 * 127 * i32::from(sign); 5], "{form:?}");
                let query = pairs(WIDTH, |_| 16_000 * i16::from(sign));
                let product = multiply(form, &query, Nibbles { high: &row, low: &row });
                assert_eq!(product, WIDTH as i32 * 2 * 127 * 16_000 * i32::from(sign), "{form:?}");
            }
        }
    }
}
