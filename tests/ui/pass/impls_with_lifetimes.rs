use std::borrow::Cow;

use dcache::dcache;

struct View<'a> {
    text: &'a str,
    id: u64,
}

impl<'a> View<'a> {
    #[dcache(key = self.text)]
    fn length(&self) -> usize {
        self.text.len()
    }

    #[dcache(key = (self.id, by))]
    fn cut<'b>(&self, by: &'b str) -> Vec<String>
    where
        'a: 'b,
    {
        self.text.split(by).map(str::to_owned).collect()
    }

    #[dcache(skip(self))]
    fn named(&self, name: Cow<'a, str>) -> String {
        name.into_owned()
    }

    #[dcache]
    fn of(text: &'a str) -> u64 {
        text.len() as u64
    }

    #[dcache(key = (self.id, more))]
    async fn wait(&self, more: Option<&'a str>) -> usize {
        std::future::ready(self.text).await.len() + more.map_or(0, str::len)
    }
}

pub(crate) fn main() {
    let text = String::from("a-b");
    let view = View { text: &text, id: 1 };
    assert_eq!(view.length(), 3);
    assert_eq!(view.cut("-"), ["a", "b"]);
    assert_eq!(view.named("x".into()), "x");
    assert_eq!(View::of(&text), 3);
    assert_eq!(pollster::block_on(view.wait(Some("x"))), 4);
}
