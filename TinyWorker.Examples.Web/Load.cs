namespace TinyWorker.Examples.Web;

/// <summary>Users that send files, so that the dashboard has something to show: in waves, and now and then a file that fails.</summary>
internal sealed class Load(Intake intake, Workspace workspace, ILogger<Load> logger) : BackgroundService
{
    private const int Users = 24;
    private const int Files = 40;
    private const double Wave = 30;   // seconds from rush to rush

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var files = await MakeFilesAsync(stoppingToken);
        await Task.WhenAll(Enumerable.Range(0, Users).Select(user => SendAsync(files, new Random(user), stoppingToken)));
    }

    private async Task SendAsync(string[] files, Random random, CancellationToken stoppingToken)
    {
        while (true)
        {
            var calm = 1 + Math.Cos(Environment.TickCount64 / 1000.0 / Wave * 2 * Math.PI);   // 0 in the rush to 2
            await Task.Delay(TimeSpan.FromSeconds((0.2 + calm) * 2 * random.NextDouble()), stoppingToken);
            var file = random.Next(200) == 0 ? files[random.Next(3)] : files[random.Next(3, files.Length)];
            try
            {
                await intake.TakeAsync(file, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)   // one that escapes would end the service
            {
                logger.LogDebug(exception, "{File} has failed", file);   // some should, and the dashboard counts them
            }
        }
    }

    // The first three fail, each in its own way.
    private async Task<string[]> MakeFilesAsync(CancellationToken stoppingToken)
    {
        string[] files = [.. Enumerable.Range(0, Files).Select(_ => workspace.NewUpload())];
        var random = new Random(1);
        for (var i = 1; i < files.Length; i++)   // the first does not exist
        {
            var content = new byte[i < 2 ? 0 : random.Next(10_000, 1_000_000)];
            random.NextBytes(content);
            if (i == 2) Picture.Poison.CopyTo(content);
            await File.WriteAllBytesAsync(files[i], content, stoppingToken);
        }

        return files;
    }
}
