//! "Did you mean": the known name nearest to a misspelt one.

/// Returns the known name that is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (distance(word, name), name))
        .filter(|(distance, name)| *distance <= (name.len().max(word.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Names the known name that is near, or else all of them: the remedy of "unknown …".
pub(crate) fn remedy(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("known are {}", list(known)),
    }
}

/// Writes names as a list in backticks: `a`, `b` and `c`.
pub(crate) fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [front @ .., last] => format!("`{}` and `{last}`", front.join("`, `")),
    }
}

/// Counts the insertions, deletions, replacements and swaps of neighbours between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["ttl", "backend", "cache_if", "name"];

    #[test]
    fn near_names_are_found() {
        assert_eq!(nearest("tll", KNOWN), Some("ttl"));
        assert_eq!(nearest("backends", KNOWN), Some("backend"));
        assert_eq!(nearest("chace_if", KNOWN), Some("cache_if"));
        assert_eq!(nearest("nmae", KNOWN), Some("name"));
    }

    #[test]
    fn far_names_are_not() {
        assert_eq!(nearest("expiry", KNOWN), None);
        assert_eq!(nearest("x", KNOWN), None);
        assert_eq!(remedy("expiry", &KNOWN), "known are `ttl`, `backend`, `cache_if` and `name`");
    }
}
