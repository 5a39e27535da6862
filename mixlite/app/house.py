"""Where rooms meet. Reading these tables tells what the product is."""

from collections.abc import Callable, Mapping
from typing import Any

from mixlite.core.rooms import House, Kind, Panel
from mixlite.entries.read_marks import trace_of_reading
from mixlite.features.accounts import farewell as account_farewell
from mixlite.features.accounts import reactions as account_reactions
from mixlite.features.accounts import routes as accounts
from mixlite.features.audiences import queries as audiences
from mixlite.features.diary import forms as diary_forms
from mixlite.features.diary import queries as diary
from mixlite.features.diary import verbs as diary_verbs
from mixlite.features.friends import queries as friends
from mixlite.features.groups import queries as groups
from mixlite.features.home import farewell as home_farewell
from mixlite.features.home import queries as home
from mixlite.features.host import queries as host
from mixlite.features.invitations import farewell as invitation_farewell
from mixlite.features.invitations import first_hour, oversight
from mixlite.features.invitations import reactions as invitation_reactions
from mixlite.features.leaving import queries as leaving
from mixlite.features.media import farewell as media_farewell
from mixlite.features.photos import farewell as photo_farewell
from mixlite.features.photos import forms as photo_forms
from mixlite.features.photos import queries as photos
from mixlite.features.photos import verbs as photo_verbs
from mixlite.features.profiles import queries as profiles
from mixlite.features.profiles import reportables as profiles_reportables
from mixlite.features.reading import queries as reading
from mixlite.features.reading import reactions as erasing
from mixlite.features.reading import reportables as reading_reportables
from mixlite.features.reports import queries as reports
from mixlite.features.voice import forms as voice_forms
from mixlite.features.voice import queries as voice
from mixlite.features.voice import routes as voice_routes
from mixlite.features.voice import verbs as voice_verbs

KINDS = (
    Kind(
        name="diary",
        load=diary.diaries_of,
        card="diary/_card.html",
        page="diary/_page.html",
        edit=diary_forms.edit_form,
        revise=diary_verbs.revise_diary,
        edit_template="diary/edit.html",
        write=diary_forms.new_form,
        write_at="diary.new",
        write_template="diary/new.html",
        has_versions=True,
    ),
    Kind(
        name="voice",
        load=voice.voices_of,
        card="voice/_card.html",
        page="voice/_page.html",
        edit=voice_forms.edit_form,
        revise=voice_verbs.revise_voice,
        edit_template="voice/edit.html",
        write=voice_forms.new_form,
        write_at="voice.new",
        write_template="voice/new.html",
        has_versions=True,
    ),
    Kind(
        name="album",
        load=photos.albums_of,
        card="photos/_album_card.html",
        page="photos/_album_page.html",
        edit=photo_forms.edit_album,
        revise=photo_verbs.revise_album,
        edit_template="photos/edit.html",
    ),
    Kind(
        name="photo",
        load=photos.photos_of,
        card="photos/_photo_card.html",
        page="photos/_photo_page.html",
        edit=photo_forms.edit_photo,
        revise=photo_verbs.revise_photo,
        edit_template="photos/edit_photo.html",
    ),
)

REACTIONS = {
    "member.joined": (account_reactions.greet,),
    "member.reset_asked": (account_reactions.mail_reset_link,),
    "member.password_reset": (account_reactions.password_was_replaced,),
    "member.factor_removed": (account_reactions.factor_was_removed,),
    "member.left": (account_farewell.end_links,),
    "member.suspended": (invitation_reactions.close_links,),
    "entry.deleted": (erasing.erase_entry,),
    "comment.removed": (erasing.erase_comment,),
}

REPORTABLES = (reading_reportables.ENTRY, reading_reportables.COMMENT, profiles_reportables.MEMBER)

PANELS = (
    Panel(place="welcome.door", order=10, load=accounts.door, template="accounts/_door.html"),
    Panel(place="home.red_lines", order=10, load=friends.requests_notice, template="friends/_requests_notice.html"),
    Panel(place="home.notices", order=5, load=host.house_notice, template="host/_board.html"),
    Panel(place="home.notices", order=6, load=reports.verdicts, template="reports/_verdicts.html"),
    Panel(place="home.red_lines", order=7, load=reports.waiting_notice, template="reports/_waiting.html"),
    Panel(place="join.rules", order=10, load=host.house_rules, template="host/_join_rules.html"),
    Panel(place="host.tabs.reports", order=10, load=reports.waiting_notice, template="reports/_count.html"),
    Panel(place="host.dials", order=10, load=oversight.open_counts, template="invitations/_host_dial.html"),
    Panel(place="host.today", order=10, load=reports.for_today, template="reports/_today.html"),
    Panel(place="host.member", order=10, load=reports.about_member, template="reports/_about_member.html"),
    Panel(
        place="host.member.invitations", order=10, load=oversight.of_member, template="invitations/_host_member.html"
    ),
    Panel(place="profile.side", order=10, load=friends.connection_panel, template="friends/_connection.html"),
    Panel(place="profile.apart", order=10, load=friends.break_panel, template="friends/_break.html"),
    Panel(place="privacy.people", order=10, load=friends.muted_panel, template="friends/_muted.html"),
    Panel(place="profile.side", order=15, load=photos.newest_of_member, template="photos/_of_member.html"),
    Panel(place="profile.side", order=20, load=groups.groups_of_friend, template="groups/_of_friend.html"),
    Panel(place="settings.privacy", order=10, load=audiences.ways, template="audiences/_ways.html"),
    Panel(place="settings.account", order=80, load=host.acts_link, template="host/_acts_link.html"),
    Panel(place="settings.account", order=90, load=leaving.way_out, template="leaving/_way_out.html"),
    Panel(place="home.red_lines", order=30, load=first_hour.arrivals, template="invitations/_arrivals.html"),
    Panel(place="home.red_lines", order=20, load=home.new_comments, template="home/_new_comments.html"),
    Panel(place="home.side", order=90, load=home.this_day, template="home/_this_day.html", shelf="right"),
    Panel(place="home.composer", order=10, load=voice_routes.composer, template="voice/_composer.html"),
    Panel(place="home.composer", order=20, load=first_hour.first_hour, template="invitations/_first_hour.html"),
    Panel(place="home.side", order=10, load=profiles.my_card, template="profiles/_me.html", shelf="left"),
    Panel(place="home.side", order=20, load=friends.friends_grid, template="friends/_grid.html", shelf="left"),
    Panel(
        place="home.side", order=30, load=reading.friends_favourites, template="reading/_favourites.html", shelf="right"
    ),
    Panel(place="home.side", order=25, load=photos.newest_of_friends, template="photos/_newest.html", shelf="right"),
    Panel(place="home.side", order=35, load=profiles.birthdays, template="profiles/_birthdays.html", shelf="right"),
    Panel(place="home.side", order=40, load=profiles.newcomers, template="profiles/_newcomers.html", shelf="right"),
)

TRACES: Mapping[str, Callable[..., Any]] = {
    "entry.read": trace_of_reading,
    "arrivals.seen": first_hour.trace_of_greeting,
}

FAREWELLS = (
    account_farewell.erase,
    invitation_farewell.erase,
    home_farewell.erase,
    media_farewell.erase,
    photo_farewell.erase,
)


def build_house() -> House:
    """The house of this product."""
    return House(
        kinds={kind.name: kind for kind in KINDS},
        reactions=REACTIONS,
        reportables={reportable.name: reportable for reportable in REPORTABLES},
        panels=PANELS,
        traces=TRACES,
        farewells=FAREWELLS,
    )
