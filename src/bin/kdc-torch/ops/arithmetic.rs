//! Arithmetic. Either operand may be a number.

use super::site::{Operand, Site};
use super::{Computed, Kernel, unary};
use crate::failure::Result;
use tch::Tensor;

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "add" => binary(site, Tensor::f_add),
        "sub" => binary(site, Tensor::f_sub),
        "mul" => binary(site, Tensor::f_mul),
        "div" => binary(site, Tensor::f_div),
        "pow" => power(site),
        "min" => binary(site, Tensor::f_minimum),
        "max" => binary(site, Tensor::f_maximum),
        "neg" => unary(Tensor::f_neg),
        "abs" => unary(Tensor::f_abs),
        "exp" => unary(Tensor::f_exp),
        "log" => unary(Tensor::f_log),
        "sqrt" => unary(Tensor::f_sqrt),
        "normal_cdf" => unary(Tensor::f_special_ndtr),
        "normal_pdf" => unary(normal_pdf),
        _ => Ok(None),
    }
}

pub fn binary(site: &Site, apply: fn(&Tensor, &Tensor) -> Computed) -> Result<Option<Kernel>> {
    let [a, b] = site.operands(["a", "b"])?;
    Ok(Some(Box::new(move |frame| {
        apply(&a.value(frame)?, &b.value(frame)?)
    })))
}

/// A fixed exponent has kernels of its own in libtorch: the square is a product.
fn power(site: &Site) -> Result<Option<Kernel>> {
    let [base, exponent] = site.operands(["a", "b"])?;
    if let Operand::Fixed(_) = exponent {
        let exponent = site.float("b")?;
        return Ok(Some(Box::new(move |frame| {
            base.value(frame)?.f_pow_tensor_scalar(exponent)
        })));
    }
    Ok(Some(Box::new(move |frame| {
        base.value(frame)?.f_pow(&exponent.value(frame)?)
    })))
}

fn normal_pdf(x: &Tensor) -> Computed {
    let height = (2.0 * std::f64::consts::PI).sqrt();
    x.f_square()?
        .f_div_scalar(-2.0)?
        .f_exp()?
        .f_div_scalar(height)
}
