"""HTTP for both sides, Slack and Huawei Cloud: names, certificates, proxies, sessions, and servers."""
