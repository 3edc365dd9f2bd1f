"""VoiceJob: where voice training jobs at Huawei Cloud MetaStudio stand, told in Slack.

__main__.py       voicejob, and python -m bot: a command, and the sentence and exit code where it fails
cli.py            the command line, all but run
run.py            the bot as a process
environment.py    PURE   what would break a library
output.py         stdout and stderr, written from threads
console.py        what draws on the terminal
config.py         the settings
dot_env.py        the file .env
secret_files.py   secrets that are in files
app.py            the composition root: builds everything, and runs it
socket_mode.py    one of Slack's ways to the bot
http_mode.py      the other
servers.py        how a server begins and ends
network/          how the bot reaches the internet, for both sides
version.py        which version this is, and the name under which it asks
threads.py        blocking calls that nobody waits for at the end
health.py         alive, ready, and how it is doing: what a supervisor and monitoring ask
metrics.py        what is counted and measured
tokens.py         Slack's verdict on the bot's tokens
workspace.py      PURE   the workspace that the bot belongs to, and which people it serves
identity.py       whose token the bot has, asked again when somebody is refused
listeners/        what Slack calls: the command, the buttons, and the answers to them
watcher.py        asks how the followed jobs are, and writes down what is to be told
memory.py         PURE   what the watcher remembers of a job
sweep.py          PURE   one reading of MetaStudio's list of jobs
sightings.py      PURE   what an answer about a job is worth beside what is known
outbox.py         tells Slack what is due, and writes down what Slack took
sending.py        posting and editing in Slack, at its pace
pace.py           PURE   how fast the bot asks and sends
refusals.py       PURE   what Slack's refusals of a message mean
store/            where subscriptions are kept
takeover.py       subscriptions under another workspace id, taken over at the start
subscriptions.py  PURE   a subscription, what is due for it, and the changes that it goes through
metastudio/       MetaStudio's API: signing in, asking, and what its refusals mean
cards.py          PURE   jobs, help and problems as Slack messages
notices.py        PURE   what a channel is told: a subscription's card, and its changes
listings.py       PURE   what one person is told of subscriptions
characters.py     PURE   characters that nobody sees, and what people type brought into one form
mrkdwn.py         PURE   what all messages are made of: escaping, and Slack's limits
jobs.py           PURE   the job, and what its states mean
job_ids.py        PURE   how job ids look, and finding one in what a person typed
errors.py         PURE   all that can go wrong, each with its sentence
logs.py           the log: its format, its fields, and what never gets into it
retries.py        trying again what failed and may pass
edges.py          what goes wrong for a while, logged when it begins and when it is over
terminal.py       Slack messages drawn in a terminal
checks/           tries everything that the bot needs, for real
manifest.py       PURE   the Slack app's manifest, for both modes
demo/             a Slack and a MetaStudio on loopback, for the demo and for the tests
"""
