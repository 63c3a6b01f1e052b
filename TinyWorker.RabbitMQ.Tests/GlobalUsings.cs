global using NUnit.Framework;
global using TinyWorker.Tests.Support;

[assembly: Parallelizable(ParallelScope.Fixtures)]
