use dcache::dcache;

#[dcache(key = (tenant, idd, &usr.name))]
fn f(tenant: &str, id: u64, user: &User) -> u64 {
    let _ = (tenant, user);
    id
}

struct User {
    name: String,
}

fn main() {}
