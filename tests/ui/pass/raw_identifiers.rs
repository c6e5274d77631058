use dcache::dcache;

#[dcache(key = (r#type, r#in))]
fn r#match(r#type: u8, r#in: &str, _unused: f64) -> usize {
    usize::from(r#type) + r#in.len()
}

#[dcache(skip(r#use), bypass_if = r#loop == 0)]
async fn r#fn(r#use: f64, r#loop: u8) -> u8 {
    r#loop + r#use as u8
}

#[dcache(key = "t:{type}:{mod}")]
fn template(r#type: u8, r#mod: &str) -> usize {
    usize::from(r#type) + r#mod.len()
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop {
    r#type: u8,
}

#[dcache(name = "shop")]
impl Shop {
    #[dcache]
    fn r#move(&self, r#impl: u8) -> u8 {
        self.r#type + r#impl
    }

    #[dcache(key = (self.r#type, r#ref))]
    fn keyed(&self, r#ref: &str) -> usize {
        usize::from(self.r#type) + r#ref.len()
    }

    #[dcache(companion = none)]
    async fn r#try<r#T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(&self, r#dyn: T) -> T {
        r#dyn
    }
}

pub(crate) fn main() {
    assert_eq!((r#match(1, "ab", 0.5), r#match::peek(1, "ab")), (3, Some(3)));
    assert_eq!(pollster::block_on(r#fn(0.5, 2)), 2);
    assert_eq!(pollster::block_on(r#fn::peek(2)), Some(2));
    assert_eq!(template(1, "a"), 2);
    assert!(template::key(1, "a").ends_with("t:1:a"));
    assert_eq!(Shop { r#type: 1 }.r#move(2), 3);
    assert_eq!(Shop { r#type: 1 }.move_cache(2).peek(), Some(3));
    assert_eq!(Shop { r#type: 1 }.keyed("ab"), 3);
    assert_eq!(pollster::block_on(Shop { r#type: 1 }.r#try(4u8)), 4);
}
