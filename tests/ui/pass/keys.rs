use dcache::dcache;

#[derive(Clone)]
struct User {
    id: u64,
    name: String,
    address: Address,
    pair: (u8, u8),
    r#type: u8,
}

#[derive(Clone)]
struct Address {
    city: &'static str,
}

fn user(id: u64) -> User {
    User { id, name: format!("u{id}"), address: Address { city: "Rome" }, pair: (1, 2), r#type: 3 }
}

#[dcache(key = "user:{id}")]
fn one(id: u64, _ratio: f64) -> u64 {
    id
}

#[dcache(key = "user:{user.id}:{user.address.city}/{user.pair.1} {user.type}:{{{kind}}}")]
fn template(user: &User, kind: &str) -> String {
    format!("{}{kind}", user.name)
}

#[dcache(key = "all")]
fn all(_user: &User) -> u8 {
    1
}

#[dcache(key = user.id)]
fn field(user: &User) -> String {
    user.name.clone()
}

#[dcache(key = &user.name)]
fn reference(user: &User) -> u64 {
    user.id
}

#[dcache(key = (user.name.as_str(), user.address.city, ratio.to_bits(), n))]
fn tuple(user: &User, ratio: f64, n: u8, _unused: &mut u8) -> u64 {
    user.id + ratio as u64 + u64::from(n)
}

#[dcache(key = (tenant, id))]
fn arguments(id: u64, _user: &User, tenant: &str) -> String {
    format!("{tenant}{id}")
}

#[dcache(key = format!("{}-{id:?}-{}", tenant.trim(), { user }.id))]
async fn formatted(user: &User, id: Option<u8>, tenant: &str) -> u64 {
    user.id + u64::from(id.unwrap_or(0)) + tenant.len() as u64
}

#[dcache(key = names.first().map(|name| name.as_ref()))]
fn option_of_a_reference(names: &[Box<str>]) -> usize {
    names.len()
}

#[dcache(key = { let mut sorted = tags.to_vec(); sorted.sort(); sorted })]
fn block(tags: &[u8]) -> usize {
    tags.len()
}

pub(crate) fn main() {
    assert_eq!(one(1, 0.5), 1);
    assert_eq!(one::peek(1), Some(1));
    assert!(one::key(1).ends_with("user:1"));
    assert_eq!(template(&user(1), "k"), "u1k");
    assert!(template::key(&user(1), "k").ends_with("user:1:Rome/2 3:{k}"));
    assert_eq!(all(&user(1)), 1);
    assert_eq!(all::peek(), Some(1));
    assert_eq!(field(&user(1)), "u1");
    assert_eq!(field::peek(&user(1)).unwrap(), "u1");
    assert_eq!(reference(&user(1)), 1);
    assert_eq!(tuple(&user(1), 2.5, 3, &mut 0), 6);
    assert_eq!(tuple::peek(&user(1), 2.5, 3), Some(6));
    assert_eq!(arguments(1, &user(1), "t"), "t1");
    assert_eq!(arguments::peek(1, "t").unwrap(), "t1");
    arguments::put(1, "t", "other".into()).unwrap();
    assert_eq!(arguments(1, &user(9), "t"), "other");
    assert_eq!(pollster::block_on(formatted(&user(1), Some(2), " t ")), 6);
    assert_eq!(pollster::block_on(formatted::peek(&user(1), Some(2), "t")), Some(6));
    assert_eq!(option_of_a_reference(&["a".into()]), 1);
    assert_eq!(option_of_a_reference::peek(&["a".into(), "b".into()]), Some(1));
    assert_eq!(block(&[2, 1]), 2);
    assert_eq!(block::peek(&[1, 2]), Some(2));
}
