global using Microsoft.Extensions.DependencyInjection;
global using NUnit.Framework;
global using TinyWorker.Hosting.Tests.Support;

[assembly: Parallelizable(ParallelScope.Fixtures)]
