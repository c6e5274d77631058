use dcache::dcache;

#[dcache(key = &user.id)]
fn f(user: &User) -> u64 {
    user.id.0
}

struct User {
    id: Id,
}

#[derive(PartialEq, Eq, Hash)]
struct Id(u64);

fn main() {}
