//! How the numbers of a tensor lie in memory.

use tch::{Device, Kind, TchError, Tensor};

type Result<T> = std::result::Result<T, TchError>;

/// Whether these are pictures `[N, C, H, W]` of which the channels of a pixel lie side by side, and not also in order.
pub fn is_channels_last(values: &Tensor) -> Result<bool> {
    Ok(values.dim() == 4 && !values.is_contiguous() && pixels(values)?.is_contiguous())
}

/// The same pictures with the channels of a pixel side by side.
pub fn channels_last(values: &Tensor) -> Result<Tensor> {
    pixels(values)?.f_contiguous()?.f_permute([0, 3, 1, 2])
}

/// Memory for pictures `[N, C, H, W]` with the channels of a pixel side by side, on the CPU.
pub fn empty_channels_last(size: [i64; 4], kind: Kind) -> Result<Tensor> {
    let [_, channels, height, width] = size;
    let strides = [height * width * channels, 1, width * channels, channels];
    Tensor::f_empty_strided(size, strides, (kind, Device::Cpu))
}

/// `[N, C, H, W]` as `[N, H, W, C]`.
pub fn pixels(values: &Tensor) -> Result<Tensor> {
    values.f_permute([0, 2, 3, 1])
}

/// The numbers in their order, as f32.
pub fn numbers(values: &Tensor) -> Result<Vec<f32>> {
    let values = values.f_detach()?.f_to_kind(Kind::Float)?;
    Vec::try_from(values.f_flatten(0, -1)?)
}

/// The numbers in their order, as bytes.
pub fn bytes(values: &Tensor) -> Result<Vec<u8>> {
    let mut bytes = vec![0; values.numel() * values.kind().elt_size_in_bytes()];
    let values = values.f_contiguous()?;
    values.f_copy_data_u8(&mut bytes, values.numel())?;
    Ok(bytes)
}
