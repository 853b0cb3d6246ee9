//! Setting libtorch up: the allocator, CUDA, threads. The engine's first act.

use crate::failure::{Failure, Result};
use std::ffi::{CStr, CString};
use std::fmt;
use std::str::FromStr;
use tch::Device;

/// The libtorch that `build.rs` insists on.
pub const VERSION: &str = "2.11.0";

/// What `--device` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// CUDA where it works, else the CPU.
    Auto,
    Cpu,
    Cuda(usize),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "auto" => Ok(DeviceChoice::Auto),
            "cpu" => Ok(DeviceChoice::Cpu),
            "cuda" => Ok(DeviceChoice::Cuda(0)),
            _ => text
                .strip_prefix("cuda:")
                .and_then(|index| index.parse().ok())
                .map(DeviceChoice::Cuda)
                .ok_or_else(|| "expected `auto`, `cpu`, `cuda` or `cuda:1`".to_string()),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceChoice::Auto => f.write_str("auto"),
            DeviceChoice::Cpu => f.write_str("cpu"),
            DeviceChoice::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

/// Must come before any other use of libtorch: seeding, a backward pass or asking for CUDA would
/// fix the process to the CPU. Also says why `auto` is not a GPU, where it is not.
pub fn init(choice: DeviceChoice, threads: Option<usize>) -> Result<(Device, Option<String>)> {
    keep_freed_memory();
    let (device, remark) = match choice {
        DeviceChoice::Cpu => (Device::Cpu, None),
        DeviceChoice::Auto => match load_cuda() {
            Ok(()) if tch::Cuda::is_available() => (Device::Cuda(0), None),
            Ok(()) => (Device::Cpu, Some("the GPU cannot be used".to_string())),
            Err(why) => (Device::Cpu, Some(why)),
        },
        DeviceChoice::Cuda(index) => (cuda(index)?, None),
    };
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    tch::set_num_threads(threads.unwrap_or_else(cores) as i32);
    Ok((
        device,
        remark.map(|why| format!("computing on the CPU: {why}")),
    ))
}

fn cuda(index: usize) -> Result<Device> {
    let unusable =
        |why: String| Failure::Engine(format!("`--device cuda:{index}` cannot be used: {why}"));
    load_cuda().map_err(unusable)?;
    let devices = tch::Cuda::device_count();
    if devices <= index as i64 {
        return Err(unusable(match devices {
            0 => "there is no CUDA device".to_string(),
            1 => "the only CUDA device is `cuda:0`".to_string(),
            n => format!("the last CUDA device is `cuda:{}`", n - 1),
        }));
    }
    Ok(Device::Cuda(index))
}

/// glibc returns large blocks to the system when they are freed, so that every step of training would
/// fault all of its pages in again; keeping them doubles a network's speed on the CPU.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
fn keep_freed_memory() {
    // SAFETY: mallopt only sets options of the allocator.
    unsafe {
        // One arena, so that training on another thread uses the same large heap.
        libc::mallopt(libc::M_ARENA_MAX, 1);
        if libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 30) == 0 {
            // Older glibc takes no threshold above 32 MiB.
            libc::mallopt(libc::M_MMAP_MAX, 0);
        }
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        libc::mallopt(libc::M_TOP_PAD, 64 << 20);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn keep_freed_memory() {}

/// The engine is linked with libtorch's CPU half alone, so that it starts on every machine. The CUDA
/// half stands beside it and is loaded here.
#[allow(unsafe_code)]
fn load_cuda() -> std::result::Result<(), String> {
    let maps = std::fs::read_to_string("/proc/self/maps").map_err(|e| e.to_string())?;
    let cpu_half = maps
        .lines()
        .filter_map(|line| line.split_whitespace().nth(5))
        .find(|path| path.ends_with("/libtorch_cpu.so"))
        .ok_or("libtorch_cpu.so is not loaded")?;
    let cuda_half = CString::new(cpu_half.replace("libtorch_cpu.so", "libtorch_cuda.so"))
        .map_err(|e| e.to_string())?;
    // SAFETY: both names are valid C strings, and dlerror is read on the thread that failed.
    unsafe {
        if libc::dlopen(c"libcuda.so.1".as_ptr(), libc::RTLD_LAZY).is_null() {
            return Err("there is no NVIDIA driver (libcuda.so.1)".to_string());
        }
        if libc::dlopen(cuda_half.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL).is_null() {
            let why = CStr::from_ptr(libc::dlerror()).to_string_lossy();
            return Err(format!(
                "libtorch's CUDA half does not load: {why}\nPyTorch's packages for CUDA are missing; where kdc has set \
                 libtorch up itself, delete `.libtorch`, and `cargo kdc train` sets it up with CUDA"
            ));
        }
    }
    Ok(())
}

/// `cpu` or `cuda:0`.
pub fn device_name(device: Device) -> String {
    match device {
        Device::Cuda(index) => format!("cuda:{index}"),
        _ => "cpu".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read() {
        assert_eq!("cuda:3".parse(), Ok(DeviceChoice::Cuda(3)));
        assert_eq!("cuda".parse(), Ok(DeviceChoice::Cuda(0)));
        for wrong in ["cuda:", "cuda:-1", "gpu", ""] {
            assert!(wrong.parse::<DeviceChoice>().is_err(), "{wrong}");
        }
    }
}
