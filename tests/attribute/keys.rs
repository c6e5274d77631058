//! Remote keys are stable: these were written once, and must never change.

use dcache::dcache;

#[dcache(backend = [memory, tier("unused")], name = "quote")]
fn quote(sku: &str, quantity: u32) -> u32 {
    sku.len() as u32 * quantity
}

#[dcache(name = "user", key = "{id}")]
fn user(id: u32) -> u32 {
    id
}

#[dcache(name = "shop:user / ü", key = "user:{name}")]
fn escaped(name: &str) -> usize {
    name.len()
}

#[test]
fn a_key_is_namespace_function_and_id() {
    dcache::configure().namespace("shop").apply().unwrap();
    assert_eq!(user::key(42), "shop:user:42");
    assert_eq!(escaped::key("a:b/c%d é"), "shop:shop%3Auser%20%2F%20%C3%BC:user:a%3Ab%2Fc%25d%20%C3%A9");
    let long = escaped::key(&"x".repeat(300));
    assert_eq!(long.len(), "shop:shop%3Auser%20%2F%20%C3%BC:".len() + 64, "a long id is its digest: {long}");
}

#[test]
fn an_id_is_the_digest_of_the_arguments() {
    assert_eq!(
        quote::key("A-7", 3),
        "dcache:quote:2c2b166311a7b4239f444d5936d5d7801ccc013308d1682ac835b503263c3697"
    );
    assert_ne!(quote::key("A-7", 3), quote::key("A-73", 0));
}
