//! What a build without features says of what it lacks.

#[test]
fn a_missing_feature_is_named() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}
