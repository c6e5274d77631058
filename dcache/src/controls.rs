//! The controls of a cached function, as the attribute writes them into the type beside it.

/// Writes the controls that are alike for all functions; the attribute says what differs.
///
/// ```text
/// [impl square] [pub] [] []                         // what they stand in, visibility, generics, where clause
/// (n: u64,) [u64] [Option<u64>] […] […]             // arguments in the key; what is stored and returned
/// { Self::__dcache_entry(n) }                       // the entry of these arguments
/// { __DCACHE_square } clear_blocking                // the cache as a whole
/// { fn __dcache_entry(n: u64) -> … }                // more of them
/// ```
///
/// A macro by example is expanded by optimised code, while the attribute itself runs as it was built for debugging.
/// Tokens are taken as they are, so that a mistake in them is shown, and told once, where they stand.
#[doc(hidden)]
#[macro_export]
macro_rules! __controls {
    (
        [$($head:tt)*] [$($vis:tt)*] [$($params:tt)*] [$($clause:tt)*]
        ($($arguments:tt)*) [$($value:tt)*] [$($found:tt)*] [$($entry:tt)*] [$($done:tt)*]
        { $of:expr } { $whole:expr } $clear:ident { $($more:tt)* }
    ) => {
        $($head)* {
            $($more)*

            /// Looks in all tiers; never runs the body, and fills nothing.
            $($vis)* fn peek<$($params)*>($($arguments)*) -> $($found)* $($clause)* {
                $of.peek()
            }

            /// Looks like `peek`, and tells the value's tier, age and remaining life.
            $($vis)* fn entry<$($params)*>($($arguments)*) -> $($entry)* $($clause)* {
                $of.entry()
            }

            /// Stores a value that is known otherwise; an error names the tiers that did not take it.
            $($vis)* fn put<$($params)*>($($arguments)* new_value: $($value)*) -> $($done)* $($clause)* {
                $of.put(new_value)
            }

            /// Removes an entry from all tiers; an error names those that may still hold it.
            $($vis)* fn invalidate<$($params)*>($($arguments)*) -> $($done)* $($clause)* {
                $of.invalidate()
            }

            /// Removes all entries of this function from all tiers; an error names those that may still hold some.
            $($vis)* fn clear<$($params)*>() -> $($done)* $($clause)* {
                $whole.$clear()
            }

            /// Returns what was counted so far.
            $($vis)* fn stats<$($params)*>() -> $crate::Stats $($clause)* {
                $whole.stats()
            }
        }
    };
}
