using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using TinyWorker.Dashboard.State;

namespace TinyWorker.Dashboard.Tests.Support;

/// <summary>Reads the events as a page does.</summary>
internal sealed class Viewer : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly Stream _body;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _length;

    private Viewer(HttpResponseMessage response, Stream body) => (_response, _body) = (response, body);

    public static async Task<Viewer> OpenAsync(
        Site site, string path = "/troupes/events", string? user = null, Action<HttpRequestMessage>? change = null)
    {
        var response = await site.GetAsync(path, change, user);
        Assert.That((int)response.StatusCode, Is.EqualTo(StatusCodes.Status200OK), () => response.Content.ReadAsStringAsync().Result);
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/event-stream"));
        return new Viewer(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>The bytes of the next event or comment, without the blank line; null at the end.</summary>
    public async Task<byte[]?> BlockAsync()
    {
        using var deadline = new CancellationTokenSource(Site.Deadline);
        while (true)
        {
            var end = _buffer.AsSpan(0, _length).IndexOf("\n\n"u8);
            if (end >= 0)
            {
                var block = _buffer[..end];
                _length -= end + 2;
                Array.Copy(_buffer, end + 2, _buffer, 0, _length);
                return block;
            }

            Assert.That(_length, Is.LessThan(_buffer.Length), "an event is longer than the buffer");
            var read = await _body.ReadAsync(_buffer.AsMemory(_length), deadline.Token);
            if (read == 0) return null;
            _length += read;
        }
    }

    /// <summary>The bytes of the next event, comments aside; null at the end.</summary>
    public async Task<byte[]?> EventAsync()
    {
        while (await BlockAsync() is { } block)
            if (block.AsSpan().StartsWith("data: "u8)) return block;
        return null;
    }

    /// <summary>The parts of the next tick; null at the end.</summary>
    public async Task<DashboardState[]?> PartsAsync()
    {
        var parts = new List<DashboardState>();
        do
        {
            if (await EventAsync() is not { } bytes) return null;
            var state = JsonSerializer.Deserialize(bytes.AsSpan(6), DashboardJson.Default.DashboardState)!;
            Assert.That(state.Part, Is.EqualTo(parts.Count), () => Encoding.UTF8.GetString(bytes));
            parts.Add(state);
        }
        while (parts.Count < parts[0].Parts);
        return [.. parts];
    }

    /// <summary>The next tick, its parts put together.</summary>
    public async Task<DashboardState> TickAsync()
    {
        var parts = await PartsAsync() ?? throw new AssertionException("The stream has ended.");
        return parts[0] with { Troupes = [.. parts.SelectMany(part => part.Troupes)] };
    }

    /// <summary>Reads until the server has ended the stream.</summary>
    public async Task UntilTheEndAsync()
    {
        while (await BlockAsync() is not null)
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _body.DisposeAsync();
        _response.Dispose();
    }
}
