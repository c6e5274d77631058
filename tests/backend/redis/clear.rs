//! Clearing a scope, slice by slice.

use super::*;

#[tokio::test]
async fn clearing_removes_all_entries_of_one_function_and_no_others() {
    let server = Server::start();
    let tier = tier_of(&server);
    let names = ["f", "ff", "f*", "f?", "[f]", "f\\", "g", "*"];
    for name in names {
        tier.set(&Key::new(&Scope::new("n", name), "1"), entry("e"), None).await.unwrap();
    }
    let mut others: Vec<&str> = vec!["n:f", "n:fx:1", "nn:f:1", "f:1", "N:F:1"];
    for other in &others {
        server.command::<()>(&["SET", other, "e"]);
    }
    let many = Scope::new("n", "many");
    let fill = || {
        server.command::<()>(&["EVAL", "for i = 1, 5000 do redis.call('SET', 'n:many:' .. i, i) end", "0"])
    };
    fill();
    assert_eq!(tier.clear(&many).await.unwrap(), 5000);
    assert_eq!(tier.clear(&many).await.unwrap(), 0);
    fill();
    assert_eq!(blocking(&tier).clear(&many, AMPLE).unwrap(), 5000);
    for name in names {
        assert_eq!(tier.clear(&Scope::new("n", name)).await.unwrap(), 1, "{name}");
    }
    let mut left = server.command::<Vec<String>>(&["KEYS", "*"]);
    left.sort();
    others.sort();
    assert_eq!(left, others);
}
