//! How is a row of a large table read?
//!
//! A table of words is most of a multilingual model, and a text needs a few of its rows. So it stays as small as it is
//! in the file: int8, or two numbers of 4 bits in a byte, with an f16 scale for 32 numbers. Only the rows that are
//! asked for become f32.

use std::sync::Arc;

use half::f16;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;

use crate::int8::{GROUP, whole_groups};
use crate::tensors::slice;

#[derive(Debug)]
pub(crate) struct Rows {
    values: Values,
    scales: Scales,
    count: usize,
    width: usize,
}

#[derive(Debug)]
enum Values {
    Int8(Arc<Tensor>),
    /// Two numbers in a byte, the first in its lower half.
    Int4(Arc<Tensor>),
}

#[derive(Debug)]
enum Scales {
    Halves(Arc<Tensor>),
    Floats(Arc<Tensor>),
}

impl Rows {
    /// `values` are int8, or u8 with two numbers each.
    pub(crate) fn new(values: &Arc<Tensor>, scales: &Arc<Tensor>) -> TractResult<Self> {
        let &[count, columns] = values.shape() else { bail!("not a table: {:?}", values.shape()) };
        let (width, values) = match values.datum_type() {
            DatumType::U8 => (columns * 2, Values::Int4(values.clone())),
            _ => (columns, Values::Int8(values.clone())),
        };
        let scales_fit = *scales.shape() == [count, width / GROUP];
        ensure!(whole_groups(width) && scales_fit, "the scales do not match the table");
        let scales = match scales.datum_type() {
            DatumType::F16 => Scales::Halves(scales.clone()),
            _ => Scales::Floats(scales.clone()),
        };
        Ok(Self { values, scales, count, width })
    }

    /// Writes row `id` to `out`.
    pub(crate) fn read(&self, id: i64, out: &mut [f32]) -> TractResult<()> {
        let row = usize::try_from(id).ok().filter(|row| *row < self.count);
        let row = row.with_context(|| format!("no row {id} in the table"))?;
        let numbers = row * self.width..(row + 1) * self.width;
        match &self.values {
            Values::Int8(values) => {
                let values = &slice::<i8>(values)?[numbers];
                out.iter_mut().zip(values).for_each(|(out, value)| *out = f32::from(*value));
            }
            Values::Int4(values) => {
                let pairs = &slice::<u8>(values)?[numbers.start / 2..numbers.end / 2];
                for (out, pair) in out.chunks_exact_mut(2).zip(pairs) {
                    out.copy_from_slice(&both(*pair).map(f32::from));
                }
            }
        }
        let groups = row * self.width / GROUP..(row + 1) * self.width / GROUP;
        match &self.scales {
            Scales::Halves(scales) => scale(out, slice::<f16>(scales)?[groups].iter().map(|scale| scale.to_f32())),
            Scales::Floats(scales) => scale(out, slice::<f32>(scales)?[groups].iter().copied()),
        }
        Ok(())
    }
}

fn scale(row: &mut [f32], scales: impl Iterator<Item = f32>) {
    for (group, scale) in row.chunks_exact_mut(GROUP).zip(scales) {
        group.iter_mut().for_each(|number| *number *= scale);
    }
}

/// The two numbers from -8 to 7 in a byte.
pub(crate) fn both(pair: u8) -> [i8; 2] {
    [(pair << 4) as i8 >> 4, pair as i8 >> 4]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bits_are_read_as_eight() {
        assert_eq!((0..=255).map(both).map(|[low, high]| (low, high)).max(), Some((7, 7)));
        let numbers: Vec<i8> = (0..128).map(|at| (at * 7 % 16 - 8) as i8).collect();
        let pairs: Vec<u8> = numbers.chunks(2).map(|two| (two[0] as u8 & 15) | (two[1] as u8) << 4).collect();
        let scales = [0.5, 2.0, 0.25, 1.0];
        let tensor = |from: Tensor| Arc::new(from);
        let int8 = tensor(Tensor::from_shape(&[2, 64], &numbers).unwrap());
        let int4 = tensor(Tensor::from_shape(&[2, 32], &pairs).unwrap());
        let floats = tensor(Tensor::from_shape(&[2, 2], &scales).unwrap());
        let halves = tensor(Tensor::from_shape(&[2, 2], &scales.map(f16::from_f32)).unwrap());
        let [wide, narrow] = [(&int8, &floats), (&int4, &halves)].map(|(v, s)| Rows::new(v, s).unwrap());
        let read = |rows: &Rows, id| {
            let mut out = vec![f32::NAN; 64];
            rows.read(id, &mut out).map(|()| out)
        };
        let expected: Vec<f32> = (64..128).map(|at| f32::from(numbers[at]) * scales[at / 32]).collect();
        assert_eq!(read(&wide, 1).unwrap(), expected);
        assert_eq!(read(&narrow, 1).unwrap(), expected);
        assert!(read(&narrow, 2).is_err() && read(&narrow, -1).is_err());
        assert!(Rows::new(&int4, &tensor(Tensor::from_shape(&[1, 4], &scales).unwrap())).is_err());
    }
}
