//! How are the numbers of a tensor reached?

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;

pub(crate) fn slice<T: Datum>(tensor: &Tensor) -> TractResult<&[T]> {
    tensor.try_as_plain_ram()?.as_slice::<T>()
}

pub(crate) fn slice_mut(tensor: &mut Tensor) -> TractResult<&mut [f32]> {
    tensor.to_plain_array_view_mut::<f32>()?.into_slice().context("the tensor is not contiguous")
}
