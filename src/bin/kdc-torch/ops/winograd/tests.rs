use super::*;
use crate::testing::alone;

const PLAIN: After = After {
    relu: false,
    pool: false,
};
const RELU: After = After {
    relu: true,
    pool: false,
};
const POOL: After = After {
    relu: true,
    pool: true,
};

/// Pictures, filters, bias.
fn operands(size: [i64; 4], filters: i64) -> [Tensor; 3] {
    let normal = |size: &[i64]| Tensor::randn(size, (Kind::Float, Device::Cpu));
    let x = layout::channels_last(&normal(&size)).unwrap();
    let weight = normal(&[filters, size[1], 3, 3]) / (9.0 * size[1] as f64).sqrt();
    [x, weight, normal(&[filters])]
}

fn found([x, weight, bias]: &[Tensor; 3], padding: [i64; 2], after: After) -> Tensor {
    let convolution = Convolution::new(weight, Some(bias), padding, after).unwrap();
    convolution.unwrap().apply(x).unwrap().unwrap()
}

/// What is right, in f64.
fn expected(operands: &[Tensor; 3], padding: [i64; 2], after: After) -> Tensor {
    let [x, weight, bias] = operands.each_ref().map(|t| t.to_kind(Kind::Double));
    let convolved = x.conv2d(&weight, Some(&bias), [1, 1], padding, [1, 1], 1);
    after.apply(convolved).unwrap()
}

/// The largest error, as a share of the largest result.
fn error(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.size(), expected.size());
    let error = (found.to_kind(Kind::Double) - expected).abs().max();
    (error / expected.abs().max()).double_value(&[])
}

#[test]
fn it_is_a_convolution_up_to_rounding() {
    let _alone = alone();
    tch::manual_seed(1);
    let cases = [
        ([2, 32, 8, 8], 32, [1, 1]),
        ([3, 20, 7, 9], 13, [1, 1]),
        ([2, 3, 5, 6], 40, [0, 0]),
        ([1, 33, 11, 4], 17, [2, 2]),
        ([1, 48, 4, 10], 64, [0, 2]),
        ([2, 7, 2, 2], 1, [1, 1]),
        ([5, 16, 14, 14], 24, [1, 0]),
        ([1, 16, 3, 230], 16, [1, 1]),
        ([3, 256, 8, 8], 128, [1, 1]),
    ];
    for threads in [1, 2] {
        tch::set_num_threads(threads);
        for (size, filters, padding) in cases {
            let operands = operands(size, filters);
            for after in [PLAIN, RELU, POOL] {
                let expected = expected(&operands, padding, after);
                let error = error(&found(&operands, padding, after), &expected);
                let case = format!("{size:?} {filters} {padding:?} {}", after.pool);
                assert!(error < 5e-6, "{error:e} in {case}");
            }
        }
    }
}

#[test]
fn a_picture_gives_the_same_bits_beside_any_others() {
    let _alone = alone();
    tch::manual_seed(2);
    for (size, after) in [
        ([37, 40, 8, 8], RELU),
        ([30, 24, 17, 15], PLAIN),
        ([50, 32, 4, 4], POOL),
    ] {
        tch::set_num_threads(1);
        let [x, weight, bias] = operands(size, 36);
        let of = |from: i64, count: i64| {
            let pictures = layout::channels_last(&x.narrow(0, from, count)).unwrap();
            let operands = [pictures, weight.shallow_clone(), bias.shallow_clone()];
            found(&operands, [1, 1], after)
        };
        let all = of(0, size[0]);
        tch::set_num_threads(2);
        assert!(of(0, size[0]) == all);
        for (from, count) in [(0, 1), (3, 1), (5, 2), (11, 7), (size[0] - 1, 1)] {
            assert!(of(from, count) == all.narrow(0, from, count), "{from}");
        }
    }
}

#[test]
fn other_layouts_and_kinds_are_left_to_libtorch() {
    let _alone = alone();
    let [x, weight, bias] = operands([2, 16, 8, 8], 16);
    let of = |weight: &Tensor| Convolution::new(weight, Some(&bias), [1, 1], PLAIN).unwrap();
    let convolution = of(&weight).unwrap();
    let fits = |x: &Tensor| convolution.apply(x).unwrap().is_some();
    assert!(fits(&x));
    assert!(!fits(&x.contiguous()));
    assert!(!fits(&x.to_kind(Kind::Double)));
    assert!(!fits(&x.narrow(1, 0, 8)));
    assert!(!fits(&x.narrow(3, 0, 6)));
    assert!(!fits(&x.set_requires_grad(true)));
    assert!(of(&weight.to_kind(Kind::Double)).is_none());
}

#[test]
fn what_is_not_a_number_stays_so() {
    let _alone = alone();
    let [x, weight, bias] = operands([1, 16, 4, 4], 16);
    let _ = x.get(0).get(3).get(1).get(1).fill_(f64::NAN);
    for after in [PLAIN, RELU, POOL] {
        let operands = [&x, &weight, &bias].map(Tensor::shallow_clone);
        let found = found(&operands, [1, 1], after);
        assert!(bool::try_from(found.isnan().any()).unwrap());
    }
}
