global using NUnit.Framework;
global using TinyWorker.Tests.Support;

[assembly: Parallelizable(ParallelScope.Fixtures)]

// Most of the time, these tests wait: for processes, brokers, and time-outs.
[assembly: LevelOfParallelism(4)]
