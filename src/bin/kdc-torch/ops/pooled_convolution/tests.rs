use super::*;
use crate::testing::alone;

struct Case {
    /// `[N, C, H, W]`.
    size: [i64; 4],
    outputs: i64,
    kernel: [i64; 2],
    pooling: Pooling,
}

fn cases() -> Vec<Case> {
    let case = |size, outputs, kernel, padding, window, relu| Case {
        size,
        outputs,
        kernel,
        pooling: Pooling {
            padding,
            size: window,
            relu,
        },
    };
    vec![
        case([5, 3, 32, 32], 16, [3, 3], [1, 1], [2, 2], true),
        case([4, 16, 16, 16], 16, [3, 3], [1, 1], [2, 2], true),
        case([3, 16, 16, 16], 32, [3, 3], [1, 1], [4, 4], false),
        case([2, 5, 11, 9], 48, [5, 3], [2, 0], [2, 3], true),
        case([3, 1, 13, 12], 16, [1, 4], [0, 2], [3, 1], false),
        case([1, 20, 7, 7], 16, [3, 3], [0, 0], [5, 5], true),
        case([2, 3, 10, 10], 16, [3, 3], [1, 1], [1, 1], true),
    ]
}

/// Values and the gradients of picture, weight and bias.
struct Found {
    value: Tensor,
    gradients: Vec<Tensor>,
}

impl Case {
    /// Pictures, weights, biases, and the gradient of the result.
    fn draw(&self, kind: Kind) -> [Tensor; 4] {
        let real = (Kind::Float, Device::Cpu);
        let [count, channels, ..] = self.size;
        let x = Tensor::randn(self.size, real);
        let x = layout::channels_last(&x.to_kind(kind)).unwrap().detach();
        let [high, wide] = self.kernel;
        let weight = Tensor::randn([self.outputs, channels, high, wide], real).to_kind(kind);
        let bias = Tensor::randn([self.outputs], real).to_kind(kind);
        let of = |size: i64, k: usize| {
            let map = size + 2 * self.pooling.padding[k] + 1 - self.kernel[k];
            map / self.pooling.size[k]
        };
        let size = [
            count,
            self.outputs,
            of(self.size[2], 0),
            of(self.size[3], 1),
        ];
        let gradient = Tensor::randn(size, real).to_kind(kind);
        [x, weight, bias, gradient]
    }

    /// By libtorch in f64, where the convolution gives numbers of a kind.
    fn expected(&self, operands: &[Tensor], kind: Kind) -> Tensor {
        let Pooling {
            padding,
            size,
            relu,
        } = self.pooling;
        let (x, weight, bias) = (&operands[0], &operands[1], operands.get(2));
        let map = x.conv2d(weight, bias, [1, 1], padding, [1, 1], 1);
        let rounded = map.to_kind(Kind::Float).to_kind(kind).to_kind(Kind::Double);
        let map = match kind {
            Kind::BFloat16 => &map + (rounded - &map).detach(),
            _ => map,
        };
        let pooled = map.max_pool2d(size, size, [0, 0], [1, 1], false);
        if relu { pooled.relu() } else { pooled }
    }

    fn title(&self) -> String {
        format!("{:?} to {} by {:?}", self.size, self.outputs, self.kernel)
    }
}

fn found(value: &Tensor, gradient: &Tensor, operands: &[&Tensor]) -> Found {
    let sum = (value * gradient.to_kind(value.kind())).sum(value.kind());
    Found {
        value: value.detach(),
        gradients: Tensor::run_backward(&[&sum], operands, false, false),
    }
}

fn leaf(x: &Tensor, kind: Kind) -> Tensor {
    x.to_kind(kind).detach().set_requires_grad(true)
}

/// How far one is from the other, beside the largest number.
fn distance(found: &Tensor, expected: &Tensor) -> f64 {
    let expected = expected.to_kind(Kind::Double);
    let difference = (found.to_kind(Kind::Double) - &expected).abs().max();
    difference.double_value(&[]) / expected.abs().max().double_value(&[])
}

#[test]
fn values_and_gradients_are_those_of_convolution_and_pooling() {
    let _alone = alone();
    tch::manual_seed(1);
    for (threads, case) in [1, 2]
        .into_iter()
        .flat_map(|n| cases().into_iter().map(move |c| (n, c)))
    {
        tch::set_num_threads(threads);
        for with_bias in [true, false] {
            let [x, weight, bias, gradient] = case.draw(Kind::Float).map(|x| leaf(&x, Kind::Float));
            let bias = with_bias.then_some(&bias);
            let operands: Vec<&Tensor> = [&x, &weight].into_iter().chain(bias).collect();
            let value = pooled_convolution(&x, &weight, bias, case.pooling)
                .unwrap()
                .unwrap();
            let own = found(&value, &gradient, &operands);
            let exact: Vec<Tensor> = operands.iter().map(|x| leaf(x, Kind::Double)).collect();
            let value = case.expected(&exact, Kind::Float);
            let exact = found(&value, &gradient, &exact.iter().collect::<Vec<_>>());
            let title = case.title();
            assert!(distance(&own.value, &exact.value) < 1e-6, "{title}");
            for (own, exact) in own.gradients.iter().zip(&exact.gradients) {
                assert_eq!(own.size(), exact.size());
                let distance = distance(own, exact);
                assert!(distance < 2e-6, "{title}: {distance}, {:?}", own.size());
            }
        }
    }
}

/// The values are those of libtorch in bf16 but for a last bit, where it adds in another order.
#[test]
fn bf16_rounds_where_libtorch_does() {
    let _alone = alone();
    tch::manual_seed(1);
    for case in cases() {
        let [x, weight, bias, gradient] =
            case.draw(Kind::BFloat16).map(|x| leaf(&x, Kind::BFloat16));
        let value = pooled_convolution(&x, &weight, Some(&bias), case.pooling)
            .unwrap()
            .unwrap();
        assert_eq!(value.kind(), Kind::BFloat16);
        let own = found(&value, &gradient, &[&x, &weight, &bias]);
        let exact = [&x, &weight, &bias].map(|x| leaf(x, Kind::Double));
        let value = case.expected(&exact, Kind::BFloat16);
        let exact = found(&value, &gradient, &exact.iter().collect::<Vec<_>>());
        let title = case.title();
        let differ = own.value.to_kind(Kind::Double).ne_tensor(&exact.value);
        let differ = differ
            .to_kind(Kind::Double)
            .mean(Kind::Double)
            .double_value(&[]);
        assert!(differ < 1e-3, "{title}: {differ}");
        for (own, exact) in own.gradients.iter().zip(&exact.gradients) {
            assert_eq!(own.kind(), Kind::BFloat16);
            let distance = distance(own, exact);
            assert!(distance < 4e-3, "{title}: {distance}, {:?}", own.size());
        }
    }
}

#[test]
fn a_picture_has_the_same_bits_among_others_and_with_more_threads() {
    let _alone = alone();
    tch::manual_seed(1);
    for case in cases() {
        let [x, weight, bias, _] = case.draw(Kind::Float);
        let pooled = |x: &Tensor| {
            let pooled = pooled_convolution(x, &weight, Some(&bias), case.pooling);
            layout::bytes(&pooled.unwrap().unwrap()).unwrap()
        };
        let all = pooled(&x);
        tch::set_num_threads(2);
        assert_eq!(all, pooled(&x), "{}", case.title());
        tch::set_num_threads(1);
        let last = pooled(&layout::channels_last(&x.narrow(0, -1, 1)).unwrap());
        assert!(all.ends_with(&last), "{}", case.title());
    }
}

#[test]
fn nothing_is_remembered_where_no_gradient_is_wanted() {
    let _alone = alone();
    let case = &cases()[0];
    let [x, weight, bias, _] = case.draw(Kind::Float);
    let weight = leaf(&weight, Kind::Float);
    let pooled = || {
        pooled_convolution(&x, &weight, Some(&bias), case.pooling)
            .unwrap()
            .unwrap()
    };
    assert!(pooled().requires_grad());
    assert!(!tch::no_grad(pooled).requires_grad());
}

#[test]
fn other_layouts_kinds_and_channels_are_left_to_libtorch() {
    let _alone = alone();
    let case = &cases()[0];
    let [x, weight, bias, _] = case.draw(Kind::Float);
    let fits = |x: &Tensor, weight: &Tensor| {
        pooled_convolution(x, weight, Some(&bias), case.pooling)
            .unwrap()
            .is_some()
    };
    assert!(fits(&x, &weight));
    assert!(!fits(&x.contiguous(), &weight));
    assert!(!fits(&x.to_kind(Kind::Double), &weight));
    assert!(!fits(&x, &weight.narrow(0, 0, 10)));
}
