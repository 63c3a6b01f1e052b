using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using TinyWorker.Examples.Web;

namespace TinyWorker.Hosting.Tests.Kestrel;

/// <summary>
/// An application with troupes on a Kestrel of its own, on a free port of 127.0.0.1, and a client of it that makes a connection for each
/// request, so that no request meets a connection that the server is about to close.
/// </summary>
internal sealed class Site : IAsyncDisposable
{
    /// <summary>The most that anything here may take, on a machine with much else to do.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(10);

    private readonly IHost _host;
    private readonly HttpClient _client;
        private readonly SiteTraffic _traffic;
    private readonly StopWitness _witness;

    private Site(IHost host)
    {
        _host = host;
        _traffic = host.Services.GetRequiredService<SiteTraffic>();
        _witness = host.Services.GetRequiredService<StopWitness>();
        var addresses = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        Address = new Uri(addresses.Addresses.Single());
        _client = new HttpClient { BaseAddress = Address, Timeout = Deadline };
        _client.DefaultRequestHeaders.ConnectionClose = true;
    }

    public Uri Address { get; }

    public FakeLogCollector Log => _host.Services.GetFakeLogCollector();

    /// <summary>Whether the host's ShutdownTimeout had passed when all was stopped; null before that.</summary>
    public bool? WasStoppedTooLate => _witness.WasTooLate;

    public static async Task<Site> StartAsync(
        Action<IServiceCollection> addServices, Action<IEndpointRouteBuilder> map, SiteKind kind = SiteKind.WebApplication,
        Action<HostOptions>? configureHost = null, Uri? address = null)
    {
        var url = address?.ToString() ?? "http://127.0.0.1:0";
        var host = kind == SiteKind.WebApplication ? MakeApplication(AddAll, map, url) : MakeHost(AddAll, map, url, kind);
        try
        {
            await host.StartAsync().WaitAsync(Deadline);
            return new Site(host);
        }
        catch
        {
            await ((IAsyncDisposable)host).DisposeAsync().AsTask().WaitAsync(Deadline);
            throw;
        }

        void AddAll(IServiceCollection services)
        {
            services.AddLogging(logging => logging.ClearProviders().AddFakeLogging());
            services.AddExceptionHandler<TroupeExceptionHandler>();
            services.AddProblemDetails();
            services.AddSingleton<SiteTraffic>();
            services.AddSingleton<StopWitness>();
            services.AddHostedService(provider => provider.GetRequiredService<StopWitness>());
            services.Configure<HostOptions>(options =>
            {
                options.ShutdownTimeout = Deadline;
                configureHost?.Invoke(options);
            });
            addServices(services);
        }
    }

    public ITinyTroupe<TIn, TOut> Troupe<TIn, TOut>(string name) => _host.Services.GetRequiredKeyedService<ITinyTroupe<TIn, TOut>>(name);

    public async Task<SiteAnswer> GetAsync(string path, CancellationToken cancellationToken = default)
    {
        using var response = await _client.GetAsync(path, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return new SiteAnswer(response.StatusCode, text, response.Headers.RetryAfter?.Delta);
    }

    /// <summary>Waits until so many more requests have come to a handler.</summary>
    public async Task ArriveAsync(int requests)
    {
        for (; requests > 0; requests--)
            if (!await _traffic.Arrived.WaitAsync(Deadline)) throw new TimeoutException($"{requests} requests have not arrived.");
    }

    /// <summary>The status code of the next request that has left its handler, whether or not there is somebody to send it to.</summary>
    public Task<int> LeaveAsync() => _traffic.Left.Reader.ReadAsync().AsTask().WaitAsync(Deadline);

    public Task StopAsync() => _host.StopAsync().WaitAsync(Deadline);

    /// <summary>Waits until nobody listens any more: the web host has been asked to stop.</summary>
    public Task RefuseAsync() => UntilAsync(
        async () =>
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, Address.Port);
                return false;
            }
            catch (SocketException)
            {
                return true;
            }
        },
        "the application to listen no more");

    /// <summary>Waits for a state that has no event.</summary>
    public static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _host.StopAsync().WaitAsync(Deadline);
        await ((IAsyncDisposable)_host).DisposeAsync().AsTask().WaitAsync(Deadline);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var patience = new CancellationTokenSource(Deadline);
        while (!await condition())
        {
            if (patience.IsCancellationRequested) throw new TimeoutException($"Waited {Deadline} in vain for {what}.");
            await Task.Delay(LookInterval);
        }
    }

    private static WebApplication MakeApplication(Action<IServiceCollection> addServices, Action<IEndpointRouteBuilder> map, string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(url);
        addServices(builder.Services);
        var application = builder.Build();
        Use(application);
        map(application);
        return application;
    }

    // What a host stops last was added first.
    private static IHost MakeHost(Action<IServiceCollection> addServices, Action<IEndpointRouteBuilder> map, string url, SiteKind kind)
    {
        var builder = new HostBuilder();
        if (kind == SiteKind.TroupesFirst) builder.ConfigureServices(addServices);
        builder.ConfigureWebHost(web => web
            .UseKestrel()
            .UseUrls(url)
            .ConfigureServices(services => services.AddRouting())
            .Configure(application =>
            {
                Use(application);
                application.UseRouting();
                application.UseEndpoints(map);
            }));
        if (kind == SiteKind.WebHostFirst) builder.ConfigureServices(addServices);
        return builder.Build();
    }

    private static void Use(IApplicationBuilder application)
    {
        var traffic = application.ApplicationServices.GetRequiredService<SiteTraffic>();
        application.Use(async (http, next) =>
        {
            traffic.Arrived.Release();
            await next(http);
            traffic.Left.Writer.TryWrite(http.Response.StatusCode);
        });
        application.UseExceptionHandler();
    }
}
