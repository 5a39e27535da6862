"""One thread through everything: a row, the worker, a file in the outbox, a link, a POST."""

from tests.support.site import PASSWORD


def test_an_address_is_confirmed_by_the_link_in_the_mail(site, post):
    link = site.invite()
    visitor = site.client()
    answer = visitor.submit(link, "Join", name="Rosa", handle="rosa", email="Rosa@Example.com", password=PASSWORD)
    assert answer.status_code == 303
    (mail,) = post()
    assert mail.to == "rosa@example.com"
    assert mail.subject == "Is this your address?"
    assert "@rosa" in mail.text
    assert mail.links[0].startswith("http://localhost/email/confirm/")

    for _ in range(2):  # looking changes nothing: mail scanners do it
        shown = site.client().get(mail.path)
        assert shown.status_code == 200
        assert "rosa@example.com" in shown.text
    with site.inside():
        assert site.member("rosa").email_confirmed_at is None

    answer = site.client().submit(mail.path, "Yes, it is mine")
    assert answer.status_code == 303
    with site.inside():
        assert site.member("rosa").email_confirmed_at is not None
    assert site.client().get(mail.path).status_code == 404
    assert post() == []
