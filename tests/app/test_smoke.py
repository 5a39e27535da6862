def test_cast(any_site):
    from tests.support.site import gather
    cast = gather(any_site)
    any_site.diary("author", body="hello persimmon")
    from mixlite.policy.visibility import feed_ids, readers_of
    with any_site.inside():
        assert len(feed_ids(any_site.ids["friend"], 10)) == 1
        assert [m.handle for m in readers_of(1, 10)] == ["friend"]
