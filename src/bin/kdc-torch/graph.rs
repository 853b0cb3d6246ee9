//! CUDA graphs: work of a GPU that is recorded once and launched as a whole. `graph.cc`, which needs libtorch's CUDA
//! half, is a library of its own: it is loaded when a GPU trains.

use crate::failure::first_line;
use crate::shim::{done, gpu};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::OnceLock;
use tch::{Device, TchError};

/// Why there is no graph, in words that go on after "as".
type Result<T> = std::result::Result<T, String>;

type Raw = NonNull<c_void>;

/// Makes a graph.
type Maker = unsafe extern "C" fn(c_int, *mut *mut c_void) -> *mut c_char;
/// Gives nothing, or why it has failed.
type Attempt = unsafe extern "C" fn(Raw) -> *mut c_char;
type Act = unsafe extern "C" fn(Raw);

/// The functions of `graph.cc`.
struct Library {
    new: Maker,
    delete: Act,
    enter: Attempt,
    leave: Attempt,
    begin: Attempt,
    end: Attempt,
    abandon: Act,
    replay: Attempt,
}

impl Library {
    /// The one that was built with the engine.
    fn built() -> Result<&'static Library> {
        static LIBRARY: OnceLock<Result<Library>> = OnceLock::new();
        let library = LIBRARY.get_or_init(|| match option_env!("KDC_CUDA_GRAPHS") {
            Some(path) => Library::open(Path::new(path)),
            None => Err("kdc was built without the headers of CUDA's runtime".to_string()),
        });
        library.as_ref().map_err(String::clone)
    }

    #[allow(unsafe_code)]
    fn open(path: &Path) -> Result<Library> {
        let name = CString::new(path.as_os_str().as_encoded_bytes()).map_err(|e| e.to_string())?;
        // SAFETY: the name is a C string, and dlerror is read on the thread that failed.
        let library = unsafe {
            let library = libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL);
            if library.is_null() {
                let why = CStr::from_ptr(libc::dlerror()).to_string_lossy();
                return Err(format!("kdc's library for CUDA does not load: {why}"));
            }
            library
        };
        let symbol = |name: &CStr| {
            // SAFETY: the library stays loaded until the process ends.
            let found = unsafe { libc::dlsym(library, name.as_ptr()) };
            match found.is_null() {
                true => Err(format!("kdc's library for CUDA lacks {name:?}")),
                false => Ok(found),
            }
        };
        // SAFETY: `graph.cc`, of the same build, declares these functions so.
        unsafe {
            use std::mem::transmute as function;
            Ok(Library {
                new: function::<*mut c_void, Maker>(symbol(c"kdc_graph_new")?),
                delete: function::<*mut c_void, Act>(symbol(c"kdc_graph_delete")?),
                enter: function::<*mut c_void, Attempt>(symbol(c"kdc_graph_enter")?),
                leave: function::<*mut c_void, Attempt>(symbol(c"kdc_graph_leave")?),
                begin: function::<*mut c_void, Attempt>(symbol(c"kdc_graph_begin")?),
                end: function::<*mut c_void, Attempt>(symbol(c"kdc_graph_end")?),
                abandon: function::<*mut c_void, Act>(symbol(c"kdc_graph_abandon")?),
                replay: function::<*mut c_void, Attempt>(symbol(c"kdc_graph_replay")?),
            })
        }
    }
}

/// A graph of one GPU's work, or room for one.
pub struct Graph {
    library: &'static Library,
    raw: Raw,
}

impl Graph {
    pub fn new(device: Device) -> Result<Graph> {
        let library = Library::built()?;
        let index = gpu(device).ok_or("it is no GPU that computes")?;
        let mut raw = std::ptr::null_mut();
        // SAFETY: where it has not failed, it has made a graph that is ours.
        #[allow(unsafe_code)]
        unsafe { done((library.new)(index, &raw mut raw)) }.map_err(said)?;
        let raw = Raw::new(raw).ok_or("CUDA gives no graph")?;
        Ok(Graph { library, raw })
    }

    /// Does work beside the default stream, as it must be done a few times before it can be recorded. Waits before and
    /// behind it.
    pub fn beside<T>(
        &self,
        work: impl FnOnce() -> crate::failure::Result<T>,
    ) -> crate::failure::Result<T> {
        self.call(self.library.enter)?;
        let given = work();
        let left = self.call(self.library.leave);
        let given = given?;
        left?;
        Ok(given)
    }

    /// Records work, which is not done. What it gives is there after each replay.
    pub fn record<T>(
        &self,
        work: impl FnOnce() -> crate::failure::Result<T>,
    ) -> crate::failure::Result<T> {
        self.beside(|| {
            let recorded = self.call(self.library.begin).map_err(Into::into);
            let recorded = recorded.and_then(|()| work());
            let recorded = recorded.and_then(|given| {
                self.call(self.library.end)?;
                Ok(given)
            });
            if recorded.is_err() {
                // SAFETY: the graph is alive.
                #[allow(unsafe_code)]
                unsafe {
                    (self.library.abandon)(self.raw);
                }
            }
            recorded
        })
    }

    /// Does what was recorded, on the current stream. The host does not wait.
    pub fn replay(&self) -> std::result::Result<(), TchError> {
        self.call(self.library.replay)
    }

    #[allow(unsafe_code)]
    fn call(&self, function: Attempt) -> std::result::Result<(), TchError> {
        // SAFETY: the graph is alive, and the function is one of the library's.
        unsafe { done(function(self.raw)) }
    }
}

impl Drop for Graph {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: nobody has the graph any more.
        unsafe { (self.library.delete)(self.raw) }
    }
}

fn said(error: TchError) -> String {
    first_line(&error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_does_not_load_is_named() {
        let why = Library::open(Path::new("/nowhere/libkdc_cuda.so")).err();
        let why = why.expect("it is not there");
        assert!(
            why.starts_with("kdc's library for CUDA does not load:"),
            "{why}"
        );
        assert!(why.contains("/nowhere/libkdc_cuda.so"), "{why}");
    }

    #[test]
    fn a_cpu_has_no_graph() {
        assert!(Graph::new(Device::Cpu).is_err());
    }
}
