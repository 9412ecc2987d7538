//! The inner loop: rows of codes against one query.
//!
//! The products are whole numbers and exact, so every processor finds the same.

use pulp::NullaryFnOnce;

/// Puts the product of each row and the query into `products`, with the widest instructions that the processor has. There
/// are as many rows as products, each as long as the query.
pub(super) fn multiply<'a>(
    arch: pulp::Arch,
    query: &[i16],
    rows: impl Iterator<Item = &'a [i8]>,
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

/// What the compiler makes of the plain form: good where there are instructions for bytes, as on ARM.
struct OneByOne<'p, R> {
    query: &'p [i16],
    rows: R,
    products: &'p mut [i32],
}

impl<'a, R: Iterator<Item = &'a [i8]>> NullaryFnOnce for OneByOne<'_, R> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (found, row) in self.products.iter_mut().zip(self.rows) {
            *found = product(row, self.query);
        }
    }
}

#[inline(always)]
fn product(row: &[i8], query: &[i16]) -> i32 {
    row.iter().zip(query).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// Four rows at once, by instructions that no compiler finds in the plain form.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use pulp::x86::{V3, V4};
    use pulp::{NullaryFnOnce, Simd, cast, i32x4, i32x8, i32x16};

    use super::product;

    /// Numbers of a row that are multiplied together.
    const PIECE: usize = 64;

    pub(super) struct Fours<'p, S, R> {
        pub(super) simd: S,
        pub(super) query: &'p [i16],
        pub(super) rows: R,
        pub(super) products: &'p mut [i32],
    }

    impl<'a, S: Multiply, R: Iterator<Item = &'a [i8]>> NullaryFnOnce for Fours<'_, S, R> {
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
    fn four<S: Multiply>(simd: S, [a, b, c, d]: [&[i8]; 4], query: &[i16]) -> [i32; 4] {
        let (pieces, rest) = query.as_chunks::<PIECE>();
        let (a, a_rest) = a.as_chunks::<PIECE>();
        let (b, b_rest) = b.as_chunks::<PIECE>();
        let (c, c_rest) = c.as_chunks::<PIECE>();
        let (d, d_rest) = d.as_chunks::<PIECE>();
        let zero = simd.splat_i32s(0);
        let mut sums = [zero; 4];
        for ((((query, a), b), c), d) in pieces.iter().zip(a).zip(b).zip(c).zip(d) {
            sums[0] = simd.add_products(sums[0], a, query);
            sums[1] = simd.add_products(sums[1], b, query);
            sums[2] = simd.add_products(sums[2], c, query);
            sums[3] = simd.add_products(sums[3], d, query);
        }
        let mut totals = simd.totals(sums);
        for (total, row) in totals.iter_mut().zip([a_rest, b_rest, c_rest, d_rest]) {
            *total += product(row, rest);
        }
        totals
    }

    pub(super) trait Multiply: Simd {
        /// `sums` and the products of a piece of a row and of the query.
        fn add_products(self, sums: Self::i32s, row: &[i8; PIECE], query: &[i16; PIECE]) -> Self::i32s;

        /// What each adds up to.
        fn totals(self, sums: [Self::i32s; 4]) -> [i32; 4];
    }

    impl Multiply for V4 {
        #[inline(always)]
        fn add_products(self, mut sums: i32x16, row: &[i8; PIECE], query: &[i16; PIECE]) -> i32x16 {
            for (row, query) in row.as_chunks::<32>().0.iter().zip(query.as_chunks::<32>().0) {
                let row = self.avx512bw._mm512_cvtepi8_epi16(cast(*row));
                let products = self.avx512bw._mm512_madd_epi16(row, cast(*query));
                sums = self.wrapping_add_i32x16(sums, cast(products));
            }
            sums
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
        #[inline(always)]
        fn add_products(self, mut sums: i32x8, row: &[i8; PIECE], query: &[i16; PIECE]) -> i32x8 {
            for (row, query) in row.as_chunks::<16>().0.iter().zip(query.as_chunks::<16>().0) {
                let row = self.avx2._mm256_cvtepi8_epi16(cast(*row));
                let products = self.avx2._mm256_madd_epi16(row, cast(*query));
                sums = self.wrapping_add_i32x8(sums, cast(products));
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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every form of the loop that this processor can run.
    fn forms() -> Vec<pulp::Arch> {
        #[cfg(target_arch = "x86_64")]
        let special = [pulp::x86::V4::try_new().map(pulp::Arch::V4), pulp::x86::V3::try_new().map(pulp::Arch::V3)];
        #[cfg(not(target_arch = "x86_64"))]
        let special = [Some(pulp::Arch::new())];
        special.into_iter().flatten().chain([pulp::Arch::Scalar]).collect()
    }

    #[test]
    fn every_form_finds_the_same_products_for_every_length_and_number_of_rows() {
        let code = |at: usize| (at * 37 % 255) as i8;
        for dimensions in [1, 63, 64, 65, 150, 384] {
            let query: Vec<i16> = (0..dimensions).map(|at| (at * 7919 % 30_000) as i16 - 15_000).collect();
            for count in 0..10 {
                let codes: Vec<i8> = (0..count * dimensions).map(code).collect();
                let rows = || codes.chunks_exact(dimensions);
                let by_hand = |row: &[i8]| row.iter().zip(&query).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
                let expected: Vec<i32> = rows().map(by_hand).collect();
                for form in forms() {
                    let mut products = vec![1; count];
                    multiply(form, &query, rows(), &mut products);
                    assert_eq!(products, expected, "{form:?}, {count} rows of {dimensions}");
                }
            }
        }
    }

    #[test]
    fn the_largest_codes_do_not_overflow() {
        let query = [i16::MAX; 64];
        for form in forms() {
            let mut products = [0; 2];
            let rows: [&[i8]; 2] = [&[127; 64], &[-127; 64]];
            multiply(form, &query, rows.into_iter(), &mut products);
            assert_eq!(products, [64 * 127 * 32767, -64 * 127 * 32767], "{form:?}");
        }
    }
}
