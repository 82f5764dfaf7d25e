"""What the tests are made with: a project of our own, its repository, releases and target."""
