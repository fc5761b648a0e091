using Xunit;

// Outages are measured and processes frozen: two tests at once would measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
