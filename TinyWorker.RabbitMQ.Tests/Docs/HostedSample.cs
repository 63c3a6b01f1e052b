using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace TinyWorker.RabbitMQ.Tests.Docs;

/// <summary>The sample of the README of TinyWorker.RabbitMQ.Hosting.</summary>
internal static class HostedSample
{
    public static IHost MakeWorker(string[] args)
    {
        // <sample>
        // A program on each machine that works
        var worker = Host.CreateApplicationBuilder(args);
        worker.Services.AddTinyTroupe<string, int>("words", (services, text, token) => text.Split(' ').Length);
        worker.Services.AddRabbitTroupeHost<string, int>("words");
        worker.Services.AddHealthChecks().AddTinyTroupes();
        // </sample>
        return worker.Build();
    }

    public static IHost MakeShop(string[] args)
    {
        // <sample>
        // The program that has the work: inject ITinyTroupe<string, int>
        var shop = Host.CreateApplicationBuilder(args);
        shop.Services.AddRabbitTroupe<string, int>("words");
        shop.Services.AddHealthChecks().AddTinyTroupes();
        // </sample>
        return shop.Build();
    }
}
