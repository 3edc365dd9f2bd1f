"""VoiceJob: where voice training jobs at Huawei Cloud MetaStudio stand, told in Slack.

__main__.py     python -m bot, the same as voicejob
cli.py          the command line: the only place that prints
config.py       the settings
app.py          the composition root: builds everything, and runs it
socket_mode.py  one of Slack's ways to the bot
http_mode.py    the other
tokens.py       Slack's verdict on the bot's tokens
listeners/      what Slack calls: the command, the buttons, and the answers to them
metastudio/     MetaStudio's API: signing in, asking, and what its refusals mean
cards.py        PURE   jobs, help and problems as Slack messages
jobs.py         PURE   the job, and what its states mean
errors.py       PURE   all that can go wrong, each with its sentence
terminal.py     Slack messages drawn in a terminal
demo/           a Slack and a MetaStudio on loopback, for the demo and for the tests
"""
