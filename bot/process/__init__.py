"""The process and its machine: output, threads, environment, secret files. Nothing of Slack or MetaStudio."""
