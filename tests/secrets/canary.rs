//! What nobody may ever hear, and the forms in which it might be said.

use std::fmt::Write as _;
use std::sync::LazyLock;

/// Stands several times in every secret, so that a part of one is noticed as well.
const CORE: &str = "Kanari42";

/// Returns a secret that needs escapes wherever anything does.
pub(crate) fn secret(what: &str) -> String {
    format!("{CORE}-{what} {CORE}/@:?#%'`\"<ä>\\ {CORE}")
}

/// Returns a secret of letters and digits, which no URL has to escape.
pub(crate) fn word(what: &str) -> String {
    format!("{CORE}{what}{CORE}{what}{CORE}")
}

/// A form of the secret, and how it looks there.
struct Form {
    name: &'static str,
    looks: Vec<String>,
    /// Whether its letters may be small or capital.
    any_case: bool,
}

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let each = |write: &dyn Fn(&mut String, u8)| {
        let mut text = String::new();
        CORE.bytes().for_each(|byte| write(&mut text, byte));
        text
    };
    let hex = each(&|text, byte| _ = write!(text, "{byte:02x}"));
    let percent = each(&|text, byte| _ = write!(text, "%{byte:02x}"));
    let escapes = each(&|text, byte| _ = write!(text, "\\x{byte:02x}"));
    let list = each(&|text, byte| _ = write!(text, "{byte},"));
    let hex_list = each(&|text, byte| _ = write!(text, "0x{byte:02x},"));
    let bare_hex_list = each(&|text, byte| _ = write!(text, "{byte:02x},"));
    let without_comma = |list: String| list.trim_end_matches(',').to_owned();
    let form = |name, looks, any_case| Form { name, looks, any_case };
    vec![
        form("plain", vec![CORE.to_owned()], true),
        form("backwards", vec![CORE.chars().rev().collect()], true),
        form("hex", vec![hex], true),
        form("percent-encoded", vec![percent], true),
        form("escaped", vec![escapes], true),
        form("list of bytes", [list, hex_list, bare_hex_list].map(without_comma).to_vec(), true),
        form("base64", (0..3).map(base64_within).collect(), false),
    ]
});

/// Returns what base64 makes of the secret wherever it stands this far from a multiple of three bytes.
fn base64_within(offset: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // only the groups of three bytes that are all of the secret
    let inner = &CORE.as_bytes()[(3 - offset) % 3..];
    let groups = inner.chunks_exact(3).flat_map(|group| {
        let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
        [18, 12, 6, 0].map(|shift| char::from(ALPHABET[(bits >> shift & 63) as usize]))
    });
    groups.collect()
}

/// Returns the form in which a text holds a secret, if it does.
pub(crate) fn form_in(text: &str) -> Option<&'static str> {
    // pretty-printed lists break their lines
    let dense: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let small = dense.to_lowercase();
    let holds = |form: &&Form| {
        form.looks.iter().any(|look| match form.any_case {
            true => small.contains(&look.to_lowercase()),
            false => dense.contains(look),
        })
    };
    FORMS.iter().find(holds).map(|form| form.name)
}

#[test]
fn a_secret_is_found_in_each_of_its_forms() {
    let secret = secret("x");
    let bytes = secret.as_bytes();
    let hex = |separator: &str| {
        let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        bytes.join(separator)
    };
    for (form, text) in [
        ("plain", secret.clone()),
        ("plain", format!("{secret:?}")),
        ("plain", secret.to_uppercase()),
        ("backwards", secret.chars().rev().collect()),
        ("hex", hex("")),
        ("percent-encoded", format!("%{}", hex("%"))),
        ("escaped", format!("\\x{}", hex("\\x"))),
        ("list of bytes", format!("{bytes:?}")),
        ("list of bytes", format!("{bytes:#?}")),
        ("list of bytes", format!("{bytes:#x?}")),
        ("list of bytes", format!("{bytes:x?}")),
        // `x`, `xx` and `xxx` before it
        ("base64", "eEthbmFyaTQy".to_owned()),
        ("base64", "eHhLYW5hcmk0Mg==".to_owned()),
        ("base64", "eHh4S2FuYXJpNDI=".to_owned()),
    ] {
        assert_eq!(form_in(&text), Some(form), "{text}");
    }
    assert_eq!(form_in("a canary, 42, S2Fu"), None);
}
