"""How the bot reaches the internet: names, certificates, proxies, and sessions that have all three.

Both sides go through here, Slack's and Huawei Cloud's; what is said there does not belong here.
"""
