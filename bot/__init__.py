"""VoiceJob: Slack cards for Huawei Cloud MetaStudio voice training jobs."""
