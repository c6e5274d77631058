use dcache::dcache;

#[dcache(backend = [memory, fs], key = user.id)]
fn f(user: &User) -> u64 {
    user.id.0
}

struct User {
    id: Id,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Id(u64);

fn main() {}
