global using NUnit.Framework;
global using TinyWorker.Dashboard.Tests.Support;
