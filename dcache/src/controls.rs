//! The controls of a cached function, as the attribute writes them into the type beside it.

/// Writes the controls that are alike for all functions; the attribute says what differs.
///
/// ```text
/// Blocks u64;                         // how they answer; what is stored
/// pub square [] [] (n: u64,)          // visibility and name, generics, where clause, arguments in the key
/// { Self::__dcache_entry(n) }         // the entry of these arguments
/// { __DCACHE_square }                 // the cache as a whole
/// { fn __dcache_entry(n: u64) -> … }  // more of them
/// ```
///
/// A macro by example is expanded by optimised code, while the attribute itself runs as it was built for debugging.
#[doc(hidden)]
#[macro_export]
macro_rules! __controls {
    (Blocks $value:ty; $($function:tt)*) => {
        $crate::__controls! {
            clear_blocking $value,
            ::core::option::Option<$value>,
            ::core::option::Option<$crate::Entry<$value>>,
            ::core::result::Result<(), $crate::Error>;
            $($function)*
        }
    };
    (Awaits $value:ty; $($function:tt)*) => {
        $crate::__controls! {
            clear $value,
            $crate::Pending<::core::option::Option<$value>>,
            $crate::Pending<::core::option::Option<$crate::Entry<$value>>>,
            $crate::Pending<::core::result::Result<(), $crate::Error>>;
            $($function)*
        }
    };
    (
        $clear:ident $value:ty, $found:ty, $entry:ty, $done:ty;
        $(#[$lint:meta])* $vis:vis $name:ident [$($params:tt)*] [$($clause:tt)*] ($($arguments:tt)*)
        { $of:expr } { $whole:expr } { $($more:tt)* }
    ) => {
        $(#[$lint])*
        impl $name {
            $($more)*

            /// Looks in all tiers; never runs the body, and fills nothing.
            $vis fn peek<$($params)*>($($arguments)*) -> $found $($clause)* {
                $of.peek()
            }

            /// Looks like `peek`, and tells the value's tier, age and remaining life.
            $vis fn entry<$($params)*>($($arguments)*) -> $entry $($clause)* {
                $of.entry()
            }

            /// Stores a value that is known otherwise.
            ///
            /// # Errors
            ///
            /// Names the tiers that did not take it.
            $vis fn put<$($params)*>($($arguments)* new_value: $value) -> $done $($clause)* {
                $of.put(new_value)
            }

            /// Removes an entry from all tiers.
            ///
            /// # Errors
            ///
            /// Names the tiers that may still hold it.
            $vis fn invalidate<$($params)*>($($arguments)*) -> $done $($clause)* {
                $of.invalidate()
            }

            /// Removes all entries of this function from all tiers.
            ///
            /// # Errors
            ///
            /// Names the tiers that may still hold some.
            $vis fn clear<$($params)*>() -> $done $($clause)* {
                $whole.$clear()
            }

            /// Returns what was counted so far.
            $vis fn stats<$($params)*>() -> $crate::Stats $($clause)* {
                $whole.stats()
            }
        }
    };
}
