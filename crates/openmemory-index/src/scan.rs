//! How are the nibbles of rows multiplied with a query? The inner loops of a search.
//!
//! Products are exact integers, so the results are the same on every processor.

use pulp::NullaryFnOnce;

use super::quantise::{Nibbles, Pairs};

/// Writes the products of the query with the high nibbles of each row. `rows` and `products` have the same length.
pub(super) fn multiply_high<'a>(
    arch: pulp::Arch,
    query: &Pairs<i8>,
    rows: impl Iterator<Item = &'a [u8]>,
    products: &mut [i32],
) {
    match arch {
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V4(simd) => pulp::Simd::vectorize(simd, x86::RowsX4 { simd, query, rows, products }),
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V3(simd) => pulp::Simd::vectorize(simd, x86::RowsX4 { simd, query, rows, products }),
        _ => arch.dispatch(RowByRow { query, rows, products }),
    }
}

/// The product of the query with the full bytes of a row, as stored less 128.
pub(super) fn multiply(arch: pulp::Arch, query: &Pairs<i16>, row: Nibbles<'_>) -> i32 {
    match arch {
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V4(simd) => pulp::Simd::vectorize(simd, x86::FullRow { simd, query, row }),
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V3(simd) => pulp::Simd::vectorize(simd, x86::FullRow { simd, query, row }),
        _ => arch.dispatch(FullRow { query, row }),
    }
}

/// The portable form, which the compiler vectorises well if there are instructions for bytes, as on ARM.
struct RowByRow<'p, R> {
    query: &'p Pairs<i8>,
    rows: R,
    products: &'p mut [i32],
}

impl<'a, R: Iterator<Item = &'a [u8]>> NullaryFnOnce for RowByRow<'_, R> {
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

struct FullRow<'p> {
    query: &'p Pairs<i16>,
    row: Nibbles<'p>,
}

impl NullaryFnOnce for FullRow<'_> {
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

/// Uses instructions that compilers do not generate from the portable forms.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use pulp::x86::{V3, V4};
    use pulp::{NullaryFnOnce, Simd, cast, i32x4, i32x8, i32x16, u64x4, u64x8};

    use super::super::quantise::{Nibbles, Pairs};
    use super::{product, product_high};

    /// Bytes of a row, with two nibbles each, that are multiplied together.
    const PIECE: usize = 64;

    /// Multiplies the high nibbles of four rows at a time.
    pub(super) struct RowsX4<'p, S, R> {
        pub(super) simd: S,
        pub(super) query: &'p Pairs<i8>,
        pub(super) rows: R,
        pub(super) products: &'p mut [i32],
    }

    impl<'a, S: Multiply, R: Iterator<Item = &'a [u8]>> NullaryFnOnce for RowsX4<'_, S, R> {
        type Output = ();

        #[inline(always)]
        fn call(mut self) {
            for products in self.products.chunks_mut(4) {
                // If fewer than four rows remain, the first one is repeated.
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
        let ((first, first_remainder), (second, second_remainder)) =
            (query.first.as_chunks(), query.second.as_chunks());
        let rows = rows.map(<[u8]>::as_chunks);
        let mut sums = [simd.splat_i32s(0); 4];
        for from in (0..first.len()).step_by(S::PIECES_PER_SUM) {
            let pieces = from..first.len().min(from + S::PIECES_PER_SUM);
            for (sums, (row, _)) in sums.iter_mut().zip(&rows) {
                let (row, first) = (&row[pieces.clone()], &first[pieces.clone()]);
                *sums = simd.add_products_of_high(*sums, row, first, &second[pieces.clone()]);
            }
        }
        let mut totals = simd.totals(sums);
        for (total, (_, remainder)) in totals.iter_mut().zip(rows) {
            *total += product_high(remainder, first_remainder, second_remainder);
        }
        totals
    }

    /// Multiplies full bytes.
    pub(super) struct FullRow<'p, S> {
        pub(super) simd: S,
        pub(super) query: &'p Pairs<i16>,
        pub(super) row: Nibbles<'p>,
    }

    impl<S: Multiply> NullaryFnOnce for FullRow<'_, S> {
        type Output = i32;

        #[inline(always)]
        fn call(self) -> i32 {
            let Self { simd, query, row: Nibbles { high, low } } = self;
            let ((first, first_remainder), (second, second_remainder)) =
                (query.first.as_chunks(), query.second.as_chunks());
            let ((high, high_remainder), (low, low_remainder)) = (high.as_chunks(), low.as_chunks());
            let mut sums = [simd.splat_i32s(0); 4];
            for ((high, low), (first, second)) in high.iter().zip(low).zip(first.iter().zip(second)) {
                sums = simd.add_products(sums, high, low, first, second);
            }
            let remainder = product(high_remainder, low_remainder, first_remainder, second_remainder);
            simd.totals(sums).into_iter().fold(remainder, i32::wrapping_add)
        }
    }

    pub(super) trait Multiply: Simd {
        /// The number of pieces whose products of high nibbles sum to 16 bits.
        const PIECES_PER_SUM: usize;

        /// Adds the products of the high nibbles of a few pieces and the query to `sums`.
        fn add_products_of_high(
            self,
            sums: Self::i32s,
            row: &[[u8; PIECE]],
            first: &[[i8; PIECE]],
            second: &[[i8; PIECE]],
        ) -> Self::i32s;

        /// Adds the products of a piece of a row and the query to `sums`.
        fn add_products(
            self,
            sums: [Self::i32s; 4],
            high: &[u8; PIECE],
            low: &[u8; PIECE],
            first: &[i16; PIECE],
            second: &[i16; PIECE],
        ) -> [Self::i32s; 4];

        /// The totals of four sums.
        fn totals(self, sums: [Self::i32s; 4]) -> [i32; 4];
    }

    impl Multiply for V4 {
        const PIECES_PER_SUM: usize = 4;

        #[inline(always)]
        fn add_products_of_high(
            self,
            sums: i32x16,
            row: &[[u8; PIECE]],
            first: &[[i8; PIECE]],
            second: &[[i8; PIECE]],
        ) -> i32x16 {
            let (bw, half) = (self.avx512bw, self.splat_u64x8(LOW_NIBBLES));
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
            let (bw, half, top) = (self.avx512bw, self.splat_u64x8(LOW_NIBBLES), self.splat_u64x8(SIGN_BITS));
            let (high, low): (u64x8, u64x8) = (cast(*high), cast(*low));
            let up = |nibbles: u64x8| cast(bw._mm512_slli_epi16::<4>(cast(self.and_u64x8(nibbles, half))));
            let down = |nibbles: u64x8| self.and_u64x8(cast(bw._mm512_srli_epi16::<4>(cast(nibbles))), half);
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
        const PIECES_PER_SUM: usize = 2;

        #[inline(always)]
        fn add_products_of_high(
            self,
            sums: i32x8,
            row: &[[u8; PIECE]],
            first: &[[i8; PIECE]],
            second: &[[i8; PIECE]],
        ) -> i32x8 {
            let (avx2, half) = (self.avx2, self.splat_u64x4(LOW_NIBBLES));
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
            let (avx2, half, top) = (self.avx2, self.splat_u64x4(LOW_NIBBLES), self.splat_u64x4(SIGN_BITS));
            let [high, low]: [[u64x4; 2]; 2] = [cast(*high), cast(*low)];
            let [first, second]: [[[[i16; 16]; 2]; 2]; 2] = [cast(*first), cast(*second)];
            let up = |nibbles: u64x4| cast(avx2._mm256_slli_epi16::<4>(cast(self.and_u64x4(nibbles, half))));
            let down = |nibbles: u64x4| self.and_u64x4(cast(avx2._mm256_srli_epi16::<4>(cast(nibbles))), half);
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

    /// The low nibble of each byte, and its sign bit.
    const LOW_NIBBLES: u64 = 0x0F0F_0F0F_0F0F_0F0F;
    const SIGN_BITS: u64 = 0x8080_8080_8080_8080;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All forms of the loops that this processor can run.
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

    /// The nibbles of all dimensions.
    fn nibbles(bytes: &[u8]) -> impl Iterator<Item = i32> {
        bytes.iter().flat_map(|pair| [i32::from(pair & 15), i32::from(pair >> 4)])
    }

    #[test]
    fn all_forms_give_the_same_products() {
        for width in [1, 63, 64, 65, 129, 192, 330] {
            let byte = |at: usize| (at * 37 % 256) as u8;
            let rough = |at: usize| (at * 79 % 255) as i8;
            let fine = |at: usize| (at * 7919 % 30_000) as i16 - 15_000;
            for count in 0..10 {
                let bytes: Vec<u8> = (0..2 * count * width).map(byte).collect();
                let (high, low) = bytes.split_at(count * width);
                let expected: Vec<i32> = high
                    .chunks_exact(width)
                    .map(|row| nibbles(row).enumerate().map(|(at, half)| half * i32::from(rough(at))).sum())
                    .collect();
                for form in forms() {
                    let mut products = vec![1; count];
                    multiply_high(form, &pairs(width, rough), high.chunks_exact(width), &mut products);
                    assert_eq!(products, expected, "{form:?}, {count} rows of {width}");
                    for (high, low) in high.chunks_exact(width).zip(low.chunks_exact(width)) {
                        let stored = nibbles(high).zip(nibbles(low)).map(|(high, low)| 16 * high + low - 128);
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
