//! What compiles, and what the attribute says where something does not.

#[test]
fn good_code_compiles() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}
