use dcache::dcache;

#[dcache(key = (tenant, region))]
fn f(tenant: &str) -> usize {
    tenant.len()
}

fn main() {}
