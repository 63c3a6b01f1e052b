using System.Diagnostics;
using TinyWorker.RabbitMQ;

namespace TinyWorker.Examples;

internal static class Remote
{
    public const string HostVerb = "remote-host";

    private const int Tasks = 1_500;

    public static async Task RunAsync()
    {
        var given = Environment.GetEnvironmentVariable("TINYWORKER_AMQP");
        using var own = given is null ? PrivateBroker.TryStart() : null;
        if ((given ?? own?.Uri) is not { } broker)
        {
            Console.WriteLine(PrivateBroker.HowToGetIt);
            return;
        }

        var folder = Directory.CreateTempSubdirectory("remote-").FullName;
        Process[] hosts = [StartHost(broker, Path.Combine(folder, "1")), StartHost(broker, Path.Combine(folder, "2"))];
        try
        {
            await SubmitAsync(broker, hosts);
            await RemoteLetters.MendAsync(broker);   // there are none: a host that is killed once is nobody's fault

            hosts[1].StandardInput.Close();   // it stops in an orderly way
            await hosts[1].WaitForExitAsync();
            var runs = Directory.GetFiles(folder).SelectMany(File.ReadLines).Select(line => line.Split(' ')[0]).ToArray();
            var twice = runs.GroupBy(task => task).Count(group => group.Count() > 1);
            Console.WriteLine($"{twice} tasks ran twice: those which the killed host had begun, and had not acknowledged.");
        }
        finally
        {
            foreach (var host in hosts)
            {
                if (!host.HasExited) host.Kill();
                await host.WaitForExitAsync();
                host.Dispose();
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task SubmitAsync(string broker, Process[] hosts)
    {
        // <sample>
        await using var squares = new RabbitTroupe<int, long>("squares", new() { Broker = broker });
        await squares.WhenReadyAsync();   // a wrong address, password or virtual host shows here

        var (right, ended) = (0, 0);
        await foreach (var square in squares.MapAsync(Enumerable.Range(0, Tasks)))
        {
            if (square == (long)ended * ended) right++;
            if (++ended == Tasks / 3) hosts[0].Kill();   // SIGKILL, in the middle of its tasks
        }

        Console.WriteLine($"{right:N0} of {Tasks:N0} results are right, though one of two hosts was killed.");
        // </sample>
    }

    /// <summary>Starts this program again, in its other role.</summary>
    private static Process StartHost(string broker, string record)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(typeof(Remote).Assembly.Location);
        foreach (var argument in new[] { HostVerb, broker, record }) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
