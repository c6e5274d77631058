//! How a function comes into the list of functions before `main`, so that those that nobody called are in it too.

/// Lists a site: a static that the linker puts among the functions that run before `main`.
///
/// The crate inventory does the same for any value, in four items where this takes two, and was a sixth of what an
/// attribute costs the compiler. What runs so early only takes a lock and sets a link, and
/// needs nothing that `main` would have set up.
#[doc(hidden)]
#[macro_export]
macro_rules! __list {
    ($site:expr) => {
        // ELF and wasm, Mach-O, PE
        #[used]
        #[cfg_attr(not(any(windows, target_vendor = "apple")), unsafe(link_section = ".init_array"))]
        #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func,mod_init_funcs"))]
        #[cfg_attr(windows, unsafe(link_section = ".CRT$XCU"))]
        static LIST: extern "C" fn() = {
            extern "C" fn list() {
                $site.enlist();
            }
            list
        };
    };
}
