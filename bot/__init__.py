"""VoiceJob: a Slack app that reports the state of Huawei Cloud MetaStudio voice training jobs.

__main__.py   voicejob, and python -m bot: a command, and the sentence and exit code where it fails
cli.py        the command line, all but run
run.py        voicejob run: the bot as a process
show.py       voicejob show: one job in the terminal
app.py        the composition root: builds everything, and runs it
config.py     the settings
errors.py     the exceptions, as one tree
domain/       PURE   jobs; records.py: what is stored, and its changes beside it; slack_errors.py, rates.py
messages/     PURE   Block Kit messages: job_card.py, and channel.py with a subscription's card
metastudio/   MetaStudio's API: authentication, requests, throttle.py, and errors.py for its error codes
slack/        Slack's API: Socket Mode, HTTP mode, sender.py, and throttle.py for its rate limits
store/        persistence of the records, in one SQLite file; conversion.py: of older formats
watch/        polls MetaStudio for the followed jobs, as policy.py decides, and records changes
deliver/      the outbox: a worker for each channel; schedule.py: what is due, reactions.py: after refusals
services/     the use cases: look up, subscribe, unsubscribe, list
listeners/    Bolt listeners: command_parser.py, the command, the buttons, and replies
network/      HTTP for Slack and MetaStudio: proxies, certificates, retries
telemetry/    the log, metrics, and readiness
process/      the process and its machine: output, threads, sources of settings
checks/       voicejob check: tests settings, Slack, MetaStudio, the store and the port
setup/        voicejob init: asks for the settings, tries them, writes .env
simulators/   Slack and MetaStudio on loopback, for the demo and the tests
demo/         voicejob demo: the story in the terminal, and the page
docs/         the pages that voicejob docs shows
"""
