"""VoiceJob: where voice training jobs at Huawei Cloud MetaStudio stand, told in Slack.

__main__.py   voicejob, and python -m bot: a command, and the sentence and exit code where it fails
cli.py        the command line, all but run
run.py        voicejob run: the bot as a process
app.py        the composition root: builds everything, and runs it
config.py     the settings
errors.py     all that can go wrong
domain/       PURE   jobs, subscriptions, and their rules
messages/     PURE   what people read
metastudio/   MetaStudio's API: signing in, asking, and what its refusals mean
slack/        Slack's side: connecting in both modes, signing in, sending
store/        where subscriptions are kept
watch/        asks how the followed jobs are, and records changes
deliver/      delivers what is pending to Slack's channels
services/     what people can do
listeners/    what Slack calls: the command, the buttons, and replies
network/      how the bot reaches the internet, for both sides
telemetry/    the log, metrics, and readiness
process/      the process and its machine
checks/       voicejob check: tries everything that the bot needs, for real
simulators/   Slack and MetaStudio on loopback, for the demo and the tests
demo/         voicejob demo: the story in the terminal, and the page
"""
