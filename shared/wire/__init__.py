"""Azure Storage's REST API and the identity's token without the SDK, for a quick cold start."""
