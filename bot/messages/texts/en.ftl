# What people read in Slack, in English. The format is Fluent: https://projectfluent.org
# Text between asterisks is bold in Slack, text between backticks is code. Commands are typed as they stand here.
# { "{ago}" } and the like are filled by Slack, in each reader's own time zone and language.

### States of a job: its label; .turn: whose turn it is, what to do, and where; .next: what comes next

-with-metastudio = With MetaStudio. Nothing for you to do.

state-CREATING = Waiting for recordings
    .turn = *Your turn: upload the recordings and submit the job* in { $console }
    .next = automatic review
state-SYSTEM_AUDITING = In automatic review
    .turn = { -with-metastudio }
    .next = manual review
state-AUDITING = In manual review
    .turn = { -with-metastudio } It often takes a working day.
    .next = preparation for training
state-WAITING_SPLIT = Queued for splitting
    .turn = { -with-metastudio }
    .next = splitting into sentences
state-SPLITTING = Splitting into sentences
    .turn = { -with-metastudio }
    .next = annotation
state-SPLIT_FAILED = Splitting failed
    .turn = *May need you: check the job* in { $console }
state-ANNOTATING = Annotating
    .turn = { -with-metastudio }
    .next = queue for training
state-WAITING = Queued for training
    .turn = { -with-metastudio }
    .next = training
state-PROCESSING = Training
    .turn = { -with-metastudio }
    .next = result review
state-RESULT_REVIEW = Result in review at MetaStudio
    .turn = { -with-metastudio }
    .next = model upload
state-USER_RESULT_REVIEW = Result ready for your review
    .turn = *Your turn: listen to the result, then accept or reject it* in { $console }
    .next = model upload
state-USER_REVIEW_REJECT = Result rejected, rework under way
    .turn = { -with-metastudio }
    .next = a new result
state-AUDIT_FAILED = Recordings rejected
    .turn = *Your turn: upload new recordings and resubmit* in { $console }
    .next = review
state-UPLOADING = Uploading model
    .turn = { -with-metastudio }
    .next = the voice is ready
state-SUCCEED = Succeeded
    .turn = Done. The voice is under My Creations in { $console }.
state-FAILED = Failed
    .turn = *Your turn: fix the cause and create a new job* in { $console }, or ask Huawei Cloud support
state-gone = Deleted
    .turn = Nothing to do, unless it was deleted by mistake: then create a new job in { $console }.
state-unknown = Unknown state
    .turn = *May need you: check the job* in { $console }
state-none = No state given
    .turn = *May need you: check the job* in { $console }

state-times = { $state } ({ $times ->
    [2] 2nd
    [3] 3rd
   *[other] { $times }th
} time)
state-times-many = { $state } (many times)
state-again = { $state } again
path-rest = …

step-1 = Upload
step-2 = Automatic review
step-3 = Manual review
step-4 = Preparation
step-5 = Training
step-6 = Result review
step-7 = Model upload
step-8 = Done

### A card

console = the MetaStudio console
console-link = the <{ $url }|MetaStudio console>
no-name = Voice without a name
card-state = *{ $state }*, { $since }
card-state-only = *{ $state }*
card-step = { $bar } Step { $step } of { $steps } · next: { $next }
card-followed = This channel follows it.
card-followed-direct = You follow it.
card-stopped = Updates stopped by { $person }.
card-over = Job finished; updates stopped.
card-ended = Updates stopped.
cause = “{ $reason }” ({ $code })
cause-reason = “{ $reason }”
cause-code = Error { $code }
since = { "{ago}" }
checked = checked { "{date_short_pretty} {time}" }
named-card = { $voice } · job { $job }: { $said }
named = { $voice }: { $said }
full-stop = .
between-sentences = { " " }

### A change

notice = *{ $voice }*: { $path }
notice-next = Next: { $next }.
in-words = “{ $voice }”: { $state }. Job { $job }.

### Buttons, and their dialogs

button-subscribe = Subscribe
button-tell-me = Tell me
button-refresh = Refresh
button-console = Open console
button-unsubscribe = Unsubscribe
button-try-again = Try again
button-show = Show
button-details = Details
button-why = Why?
button-take = I'm on it
button-release = Release
button-take-over = Take over
button-show-waiting = Show all that waits
later-tomorrow = Remind again tomorrow
later-in_two_days = Remind again in two days
later-next_monday = Remind again next Monday
button-all = Every update
button-important = Only important
button-more = More
button-language-en = English
button-language-zh = 中文
button-back = Back
back-about = Back to the jobs
button-start = From the start
button-about = { $button }: { $voice }
stop-title = Stop updates on “{ $voice }”?
stop-here = This channel gets no more messages about it.
stop-there = The channel gets no more messages about it.
stop-direct = You get no more messages about it.
stop-yes = Stop updates
stop-no = Keep

### Who sees to a job, and reminders

claimed = { $person } is on it, { $since }
put-off = Next reminder: { $when }
for-people = For { $people }
you-have-it = :raising_hand: “{ $voice }” is yours.
you-have-it-reminders = I remind you alone while it waits.
other-has-it = { $person } is on “{ $voice }” already, { $since }.
released = :white_check_mark: Nobody is on “{ $voice }” now, so I remind the channel again.
nobody-has-it = Nobody is on “{ $voice }”, so there was nothing to release.
was-put-off = :white_check_mark: “{ $voice }”: I remind again { $when }, unless it moves before.
not-reminded = Nobody is reminded of this job here, so there is nothing to put off.
moved-on = This message is about an earlier step. “{ $voice }” is now: { $state }.
reminder = *{ $voice }* still waits: { $state }
reminder-several = { $total ->
    [one] One job still waits for your team
   *[other] { $total } jobs still wait for your team
}
reminder-yours = { $total ->
    [one] A job that you took still waits
   *[other] { $total } jobs that you took still wait
}
bold = *{ $said }*

### Wide subscriptions and their boards

wide-project = All jobs of the project
wide-batch = Batch “{ $name }”
wide-tag = Use “{ $name }”
board-reading = :hourglass_flowing_sand: Reading the list of jobs…
board-waiting = { $total ->
    [one] One job waits for your team
   *[other] { $total } jobs wait for your team
}
board-none-waits = Nothing waits for your team
board-in-work = { $total } in work
board-done = { $total } done
board-failed = { $total } failed
board-more = … and { $more } more
board-level-all = Each job is posted here as it appears and changes.
board-level-important = A job is posted here only when it needs you or fails.
stop-board = This channel gets no more messages about its jobs.
wide-subscribed = :white_check_mark: Following: { $name }. The board above shows where they stand; new jobs join by themselves.
wide-already = This is followed already: { $name }. { $level }
wide-changed = :white_check_mark: { $name }: { $level }
wide-stopped = :white_check_mark: Updates stopped: { $name }. To follow it again: { $command }
wide-not-followed = Not followed here: { $name }. { $command } shows what is.
wide-later = :hourglass_flowing_sand: Following: { $name }. Its board could not be posted yet; it comes by itself.
digest = { $total ->
    [one] One job needs your team
   *[other] { $total } jobs need your team
}
digest-changed = { $total } jobs have changed

### Following a job

level-all = Posting every update here
level-important = Posting only when it needs you or finishes
level-all-direct = You get every update
level-important-direct = You hear only when it needs you or finishes
subscribed = :white_check_mark: Following “{ $voice }”. { $level }. To stop, use the button on its card.
subscribed-direct = :white_check_mark: Following “{ $voice }” for you, in our direct message. { $level }. To stop, use the button on its card there.
already = { $channel } already follows “{ $voice }”. { $level }.
already-direct = You already follow “{ $voice }”. { $level }.
level-changed = :white_check_mark: “{ $voice }”: { $level }.
already-over = This job has finished, so there's nothing to follow.
kept = Then I'll follow “{ $voice }”.
later = :hourglass_flowing_sand: Following “{ $voice }”. Its card could not be posted yet; it comes by itself.
stopped = :white_check_mark: Updates on “{ $voice }” stopped. To follow it again: { $command }
not-followed = Job { $job } is not followed here. { $command } shows what is.
not-followed-direct = You don't follow job { $job } for yourself. To follow it: { $command }
not-in-direct = :warning: I can't post in a direct message between people. Follow the job in a channel, or for yourself: { $command }
outsider = Only members of my own workspace can use my commands and buttons. Ask one of them in this channel.
no-channel = I can't tell which channel that is for. Type the command in the channel itself.
old-button = This button is from an earlier version of mine. { $command } shows a new card.
unknown-command = I don't know the command { $name }. { $command } shows what I can do.
unknown-request = I don't know this any more. { $command } shows what I can do.

### What a channel follows

list-none = This channel follows no job. { $command } follows one.
list-none-direct = You follow no job here. { $command } follows one.
list-head = { $total ->
    [one] This channel follows one job
   *[other] This channel follows { $total } jobs
}
list-head-direct = { $total ->
    [one] You follow one job here
   *[other] You follow { $total } jobs here
}
list-page = { $head }: { $first } to { $last }
list-row = *{ $voice }* · { $state }, { $since }
list-row-only = *{ $voice }* · { $state }
list-by = by { $person }
list-unchecked = not checked since I started
list-all = every update
list-important = only important
list-paused = { $said } (paused)
not-checked = :warning: I can't reach MetaStudio right now, so this may be out of date. I'll keep trying.

### A pause

paused = :warning: *Updates in { $channel } are paused*: { $reason }
paused-direct = :warning: *Updates in our direct message are paused*: { $reason }
paused-safe = Nothing is lost.
paused-now = “{ $voice }”: { $state }
paused-in-list = :warning: *Paused*: { $reason } { $advice } Or wait: { $again }.
next-try = next try { "{date_short_pretty} {time}" }
pause-over = :white_check_mark: I can post in { $channel } again; updates on “{ $voice }” go on there.
pause-over-direct = :white_check_mark: I can write to you again; updates on “{ $voice }” go on.
pause-ended = :white_check_mark: Updates on “{ $voice }” in { $channel } were stopped; nothing left to do.
pause-ended-direct = :white_check_mark: Updates on “{ $voice }” were stopped; nothing left to do.
not-here-yet = I'm not in this channel yet.
not-direct = I can't write to you.

reason-not_in_channel = I'm no longer in the channel.
reason-channel_not_found = I'm no longer in the channel, or it no longer exists.
reason-is_archived = The channel is archived.
reason-is_inactive = The channel is no longer active.
reason-no_permission = I'm not allowed to post.
reason-posting_to_channel_denied = I'm not allowed to post.
reason-ekm_access_denied = Your organization's encryption settings don't let me post.
reason-messages_tab_disabled = The Messages tab is switched off in the settings of the Slack app.
reason-cannot_dm_bot = Slack lets no bot write to another one.
reason-user_not_found = The person is no longer there.
reason-user_not_visible = I'm not allowed to see the person.
reason-user_disabled = The person's account is switched off.
reason-direct = Slack doesn't let me open a direct message with you.
reason-restricted = The workspace's rules don't let me post.
reason-malformed = Slack can't read my message, which is a mistake of mine.
reason-none = Slack refuses my messages.

advice-invite-here = Type { $invite }, then press *Try again*.
advice-invite = Type { $invite } in the channel, then press *Try again*.
advice-archived = Follow the job in another channel, or have this one unarchived and press *Try again*.
advice-malformed = Tell your admin; when that is mended, press *Try again*.
advice-ask = Ask whoever runs your workspace to let me post, then press *Try again*; or follow the job in another channel.
advice-direct = Ask whoever runs your workspace to allow it, then press *Try again*; or follow the job in a channel.
slack-code = Slack: { $code }

### Help, and what was typed wrong

help-look-up = *Look up*
help-card = { $command } where the job is, whose turn it is, what comes next
help-details = { $command } why it failed or was sent back, and its history
help-waiting = { $command } every job that waits for your team
help-recent = { $command } the jobs that changed last
help-follow = *Follow*
help-subscribe = { $command } posts here when the job needs you or finishes
help-all = { $command } posts every update
help-mention = { $command } names them when the job needs you; a user group works too
help-wide = { $command } every job of a batch on one board; “project” and “tag …” work too
help-me = { $command } tells only you, in your direct message with me
help-unsubscribe = { $command } stops that
help-manage = *Manage*
help-list = { $command } what this channel follows; add { $mine } for your own
help-status = { $command } whether I can reach MetaStudio and this channel
help-language = { $command } this channel's language; add { $me } for your own
help-example = For example: { $command }
help-only-you = Only you see these replies.
help-elsewhere = In any message's menu, `Look up voice job` shows the jobs it names. My Home tab shows what waits and what you follow.
job-id = job id or name
some-name = name
some-person = person
did-you-mean = Did you mean { $command }?
type-it = Type { $command }.
try = Try { $command } or { $help }.
looks-like = A job id usually looks like { $example }; { $help } shows what I can do.
reference = Reference for your admin: { $request }
with-reference = { $said } ({ $reference })

### Errors

error-VoiceJobError = Something went wrong inside the bot. Your admin finds the details in its log.
error-BadUsage = I don't understand { $text }.
error-BadJobId = { $text } can't be a job id: those have at most 64 letters, digits, hyphens and underscores. Copy it from MetaStudio once more.
error-NoJobId = I see no job id in { $text }.
error-SeveralJobIds = There is more than one job id in { $text }. I take one at a time.
error-BadName = { $text } is too long: a name has at most 256 characters.
error-BadLink = I can't tell which job the link { $text } means. Copy the job id itself from MetaStudio.
error-OtherChannel = { $text } names a channel. I follow jobs only for the channel in which you type: type the command there, without the name.
error-UnknownLanguage = I write English (`en`) and Chinese (`zh`), but not { $text }.
error-NoName = { $text } needs a name behind it.
error-EndsOne = I end one subscription at a time: the list has a button for each.
error-ChannelIsNoJob = { $text } names a channel, and a look-up names a job. To follow a job in a channel, type the command there.
error-OtherPerson = Slack did not tell me who { $text } is. Pick the person from Slack's list while you type; if that doesn't help, your admin should give the app its current manifest.
error-PersonElsewhere = { $text } names somebody. I mention people in what I tell a channel, so name them when you subscribe.
error-PersonInPrivate = { $text } names somebody, but in your direct message with me only you read what I write.
error-TooManyPeople = You name { $text } people and groups, and I mention 10 at most. Name a user group instead.
error-WholeChannel = I name people, not a whole channel as { $text } does. Name those who can act, or a user group.
error-StoreTrouble = I can't write to my disk right now, so nothing was changed. Try again later; your admin finds the reason in my log.
error-BeingStopped = I'm being restarted, so I have no answer. Try again in a minute.
error-JobNotFound = No job { $job_id } in this project. It may be mistyped, deleted, or in another project or region.
error-RequestRefused = MetaStudio rejects the job id { $job_id }. Check it; if it is right, your admin finds MetaStudio's error code in my log.
error-CredentialsRefused = MetaStudio refuses my credentials, so I can't look anything up. That's not your fault: your admin should check my key or token, the region, and the clock.
error-PermissionDenied = MetaStudio doesn't let me do this. That's not your fault: your admin should check the permissions of my Huawei Cloud account.
error-WrongProject = MetaStudio doesn't know the project or the address in my settings. That's not your fault: your admin should check the project id, region and endpoint.
error-Throttled = MetaStudio limits this account's requests right now. Try again in a minute.
error-ServiceDown = MetaStudio has a fault on its side right now. Try again in a few minutes.
error-Unreachable = I can't reach MetaStudio right now. Try again in a minute; if it goes on, your admin should check my network, and the region and endpoint in my settings.
error-TimedOut = MetaStudio took too long to answer. Try again in a minute: it may only be busy.
error-UnreadableAnswer = I can't read the answer from MetaStudio, or from a proxy on the way. Try again in a minute; if it goes on, your admin should check my endpoint and network.

### Languages

language-name-en = English
language-name-zh = Chinese
language-here = In this channel I write in { $language }. To change that: { $command }
language-yours = I write to you in { $language }. To change that: { $command }
language-set = :white_check_mark: From now on I write in { $language } in this channel.
language-set-yours = :white_check_mark: From now on I write to you in English.

### Details

fact = { $label }: { $value }
fact-as-code = { $label }: { $value }
fact-created = Created
fact-edition = Edition
fact-language = Language
fact-gender = Gender
fact-use = Use
fact-recordings = Recordings
fact-times = Times in this state
fact-batch = Batch
fact-asset = Model asset
fact-avatar = Avatar job
fact-region = Region
fact-since = In this state since
moment = { "{date_short_pretty} {time}" }

edition-BASIC = Basic (20 sentences)
edition-MIDDLE = Advanced (100 sentences)
edition-ADVANCE = Premium
edition-THIRD_PARTY = Third-party (DupDub)
edition-THIRD_PARTY_LJZN = Third-party (AudioX)
edition-FLEXUS = Flexus
edition-LLM_MAJOR = LLM, Chinese and English
edition-LLM_MINOR = LLM, other languages

gender-FEMALE = Female
gender-MALE = Male

speech-CN = Chinese
speech-EN = English
speech-zh_CN = Chinese
speech-en_US = English
speech-ESP = Spanish
speech-por = Portuguese
speech-fr = French

use-ECOMMERCE = E-commerce
use-NEWS = News
use-MARKETING = Marketing
use-LIVE = Livestreaming
use-EDUCATION = Education and training
use-CUSTOMER = Customer service
use-STORYTELLING = Storytelling

supply-PACKAGE = One package
supply-SEGMENT = Sentence by sentence

measured = { $actual } (expected: { $expected })
measured-badly = { $measured }. “{ $suggestion }”
measure-speed = Speaking rate
measure-sound = Level
measure-snr = Signal to noise
measure-reverb = Reverberation
measure-dnsmos_ovrl = Overall quality (DNSMOS)
measure-dnsmos_bak = Background noise (DNSMOS)

### Why a job failed, and its history

cause-admin = Reviewer at MetaStudio: “{ $said }”
cause-admin-silent = A reviewer at MetaStudio sent it back. No reason was given.
cause-system = Automatic review: { $faults }
cause-system-silent = The automatic review sent it back. No reason was given.
cause-algorithm = MetaStudio: “{ $said }”
cause-more-kinds = { $fault }; and other faults
fault-line = { $what } ({ $files })
between-names = { ", " }
fault-files-more = { $names } and { $more } more
fault-files-unnamed = { $count ->
    [one] one file
   *[other] { $count } files
}
fault-unknown = Error { $code } · “{ $said }”
fault-unknown-message = “{ $said }”
fault-unknown-code = Error { $code }
fault-ask = Look in the MetaStudio console, or ask Huawei Cloud support.

fault-MSS_20020010 = Something is wrong with the letter of authorization
    .do = Check it, and upload it again.
fault-MSS_20020011 = Audio in the wrong format
    .do = Convert it to the format that the console names.
fault-MSS_20020015 = The text does not match the job's language
    .do = Let text, speech and language agree.
fault-MSS_20020016 = Not as many audio and text files as needed
    .do = Complete the set: each sentence needs its audio and its text, 20 or 100 of them.
fault-MSS_20020018 = Audio that can't be read as WAV
    .do = Convert these files to WAV, and upload them again.
fault-MSS_20020022 = Too many files in the archive
    .do = Take out what does not belong there.
fault-MSS_20020023 = The archive is too large
    .do = Check what is in it, and make it smaller.
fault-MSS_20020024 = A file in the archive is too large
    .do = Check this file, and make it smaller.
fault-MSS_20020029 = Audio that is too short or too long
    .do = Record these sentences again, 5 to 15 seconds each.
fault-MSS_20020030 = The upload never arrived
    .do = Upload the recordings first, and then submit.
fault-MSS_20020031 = Another file was submitted than the one announced
    .do = Submit the right one.
fault-MSS_20020032 = The trial audio could not be made
    .do = Have it made again.
fault-MSS_20020033 = There is no sample audio
    .do = Ask Huawei Cloud support.
fault-MSS_20020034 = Cutting into sentences failed
    .do = Ask Huawei Cloud support.

details-why = *Why*
details-by-admin = A reviewer at MetaStudio sent it back
details-by-system = The automatic review sent it back
details-by-algorithm = It failed at MetaStudio
details-ago = { $who }, { $ago }
details-said = { $who }:
details-silent = { $who }. No reason was given.
details-no-reason = MetaStudio does not say why. Look in { $console }, or ask Huawei Cloud support.
details-fault = • *{ $what }*: { $files }. { $do }
details-more-faults = { $count ->
    [one] • and one other kind of fault
   *[other] • and { $count } other kinds of faults
}
details-attachment = MetaStudio attached { $name }: open it in { $console }.
details-measures = *Out of range*
details-measures-passed = The review of the recordings passed all the same.
details-rules = *When you record again*
details-old = *Earlier results, not about the last upload*
details-history = *History*
details-left-out = { $count ->
    [one] One earlier step is left out.
   *[other] { $count } earlier steps are left out.
}
details-step = { $at } · { $action }
details-step-by = { $at } · { $action }, by { $by }
details-after = { $step }, after { $span }
details-step-said = { $step }: “{ $said }”
details-facts = *More*
details-no-audit = MetaStudio did not give me the results of the reviews.
details-no-log = MetaStudio did not give me the history.
details-neither = MetaStudio gave me neither the results of the reviews nor the history.
details-again = Press Refresh in a minute to ask again.

action-CREATE_JOB = Created
action-COMMIT_JOB = Submitted
action-SYSTEM_AUDIT_PASS = Automatic review passed
action-ADMIN_AUDIT_PASS = Manual review passed
action-AUDIT_NOT_PASS = Review not passed
action-TRAINING_FINISH = Training ended
action-UPLOADING_MODEL = Model being uploaded
action-COMPLETE_JOB = Complete
operator-USER = your team
operator-ADMIN = a reviewer at MetaStudio
operator-SYSTEM = MetaStudio

span-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
span-hours = { $count ->
    [one] 1 hour
   *[other] { $count } hours
}
span-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}
span-short = less than a minute
span-both = { $larger } { $smaller }

rule-format = One long WAV or MP3 with pauses of 2 to 3 seconds, or single files of 5 to 15 seconds; 48 kHz; no joined snippets.
rule-text = What is spoken is exactly what the text says.
rule-speed = Read at an even, natural pace.
rule-sound = Stay a fist away from the microphone, without peaks.
rule-snr = Choose a quieter room.
rule-reverb = Choose a small furnished room without echo.
rule-again = Submitting again may use up one resource; the console says so before.

fact-resource = Resource
resource-until = { $name }, until { $until }

### Jobs found by name

hits-several = { $count ->
    [one] One job matches
   *[other] { $count } jobs match
} { $name }. { $count ->
    [one] Is it this one?
   *[other] Which one?
}
hits-more = { $more } more: type more of the name, or the job id.
hits-only-searched = Only the newest { $searched } jobs were searched. Not there? Type more of the name, or the job id.
hits-none = No job { $name }, and no voice with that in its name.
hits-none-here = Nothing called { $name } is followed here. { $command } shows what is.
hits-searched = I looked at the newest { $searched } jobs.
hits-nearest = Similar names:

### What waits, and what changed last

waiting-head = { $total ->
    [one] One job waits for your team
   *[other] { $total } jobs wait for your team
}
waiting-none = Nothing waits for your team. All good.
recent-head = { $total ->
    [one] The job that changed last
   *[other] The { $total } jobs that changed last
}
recent-short = Changed last
recent-none = There are no jobs in this project yet.
overview-more = { $more } more: { $command }
overview-searched = I looked at the { $searched } jobs that changed last; there may be more.
as-of = as of { "{date_short_pretty} {time}" }
todo-CREATING = Upload the recordings and submit the job
todo-AUDIT_FAILED = Upload new recordings and resubmit
todo-USER_RESULT_REVIEW = Listen to the result, then accept or reject it
todo-SPLIT_FAILED = May need you: check the job
start-help = { $command } what else I can do

### The bot itself

status-version = VoiceJob { $version }
status-metastudio = :white_check_mark: MetaStudio answers. { $fresh }.
status-fresh = Last good answer { "{date_short_pretty} {time}" }
status-not-yet = I have asked MetaStudio nothing yet since I started.
status-paused = :warning: I can't post here ({ $since }): { $reason }
status-since = since { "{date_short_pretty} {time}" }
status-nothing-here = Nothing is followed here
status-to-do = { $command } says what to do.
status-followed = { $count ->
    [one] One job is followed here
   *[other] { $count } jobs are followed here
}
status-delivered = Last posted { "{date_short_pretty} {time}" }

mine-none = You follow no job. { $command } follows one.
mine-head = { $total ->
    [one] You follow one job
   *[other] You follow { $total } jobs
}
list-in = in { $channel }
list-in-direct = in our direct message

### Modals and the App Home


home-in-words = I can't draw this page right now. Type { $waiting } for what waits, { $mine } for what you follow.
home-refresh = Refresh this page
home-language-button = 中文: read VoiceJob in Chinese
home-waiting = Waits for your team
home-looking = :hourglass_flowing_sand: Looking…
home-nothing-waits = Nothing waits for your team. All good.
home-no-waiting = I don't know what waits
home-as-of = as of { "{date_short_pretty} {time}" }
home-searched = only the jobs that changed last were searched
home-more = { $count } more: { $command }
home-followed = Your subscriptions
home-not-followed = I can't show your subscriptions
home-not-read = I can't read your subscriptions from my disk right now. Try again later; your admin finds the reason in my log.
home-follows-nothing = You follow no job yet. In a channel, type { $command }.
home-subscription = { $said } · in { $where }
home-where-direct = your direct messages
home-paused = :warning: *Paused*: { $reason }
home-language = I write to you in { $language }.

modal-title = Voice jobs
modal-close = Close
modal-none = I see no job id in this message, and no link with one. To look up a job by its name, type { $command }.
modal-looking = { $count ->
    [one] :hourglass_flowing_sand: Looking up the job…
   *[other] :hourglass_flowing_sand: Looking up { $count } jobs…
}
modal-more = { $count ->
    [one] One more job is named in this message. Look it up by its id.
   *[other] { $count } more jobs are named in this message. Look them up by their ids.
}

### The demo's story: voicejob demo --once

story-connected = The bot is connected to a Slack workspace in this process by { $connection }.
story-mistakes = A slip of the finger, and an id that belongs to no job.
story-look-up = A look at a job. Its card has a button to follow it.
story-quiet = The job goes on. Its card is edited, and the channel is left in peace.
story-turn = The review rejects the recordings. Now it is our turn, and the channel is told.
story-by-name = Nobody knows its id by heart: { $name } finds it.
story-why = Why was it sent back? The button { $button } tells.
story-waiting = And what else waits for our team?
story-again = New recordings are in review: the card says so.
story-private = A private channel that the bot is not in. It wants every update.
story-invite = { $invite }, and { $button }.
story-stopped = The bot is stopped. Meanwhile each job passes two states.
story-started = It starts again and tells what it missed: once, however many changes there were.
story-success = The news voice is ready: one more message, and the last.
story-failure = The audiobook fails.
story-end = Everything was as it should be.
story-only-you = Only visible to you
story-channel = What { $channel } shows now:
story-in-thread = ↳ replied to a thread: { $said } …
story-edited = (edited)
story-replies = { $replies ->
    [0] (no replies in its thread)
    [one] (one reply in its thread)
   *[other] ({ $replies } replies in its thread)
}
story-not-in-channel = { $said } (only in the thread)
