using System.Text.Json;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>The programs that tests run in a process of their own: <c>dotnet TinyWorker.RabbitMQ.Tests.dll NAME SETTINGS</c>.</summary>
internal static class Program
{
    internal static Task<int> Main(string[] arguments) => arguments[0] switch
    {
        HostProgram.Name => HostProgram.RunAsync(JsonSerializer.Deserialize<HostSettings>(arguments[1])!),
        SubmitterProgram.Name => SubmitterProgram.RunAsync(JsonSerializer.Deserialize<SubmitterSettings>(arguments[1])!),
        Hosting.HostedProgram.Name => Hosting.HostedProgram.RunAsync(JsonSerializer.Deserialize<HostSettings>(arguments[1])!),
        BrokerProgram.Name => BrokerProgram.RunAsync(),
        _ => throw new ArgumentException($"There is no program named '{arguments[0]}'."),
    };
}
