using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.Extensions.Logging;
using TinyWorker.Dashboard.Tests.Sampling;

namespace TinyWorker.Dashboard.Tests.Serving;

internal sealed class ControlTests
{
    [Test]
    public async Task Pause_AndResume_AreDoneAndLogged()
    {
        var name = Troupes.Name("controlled");
        await using var troupe = Troupes.Pool(name);
        await using var site = await OpenAsync(name);
        var (id, token) = await LookAsync(site);
        await AssertDoneAsync(site, token, new { troupe = id, action = "pause" });
        Assert.That(troupe.IsPaused, Is.True);
        Assert.That((await LookTests.StateAsync(site, user: "ann")).Troupes.Single().Condition, Is.EqualTo("Paused").Or.Not.Empty);
        await AssertDoneAsync(site, token, new { troupe = id, action = "resume" });
        Assert.That(troupe.IsPaused, Is.False);
        var lines = site.Logs.GetSnapshot()
            .Where(record => record.Category == "TinyWorker.Dashboard" && record.Level == LogLevel.Information);
        Assert.That(
            lines.Select(line => line.Message).ToArray(),
            Has.Length.EqualTo(2).And.All.Contains("ann").And.All.Contains(name).And.Some.Contains("pause").And.Some.Contains("resume"));
    }

    [Test]
    public async Task Resize_ToAsManyAsMayBe_IsDone()
    {
        var name = Troupes.Name("controlled");
        await using var troupe = Troupes.Pool(name, 2);
        await using var site = await OpenAsync(name);
        var (id, token) = await LookAsync(site);
        await AssertDoneAsync(site, token, new { troupe = id, action = "resize", workers = 5 });
        Assert.That(troupe.Workers, Is.EqualTo(5));
        var text = await AssertRefusedAsync(site, token, HttpStatusCode.BadRequest, new { troupe = id, action = "resize", workers = 0 });
        Assert.That(text, Does.Contain("0").Or.Contain("worker"));
        Assert.That(troupe.Workers, Is.EqualTo(5));
    }

    [Test]
    public async Task Recycle_AWorker_PutsAnotherInItsPlace()
    {
        var name = Troupes.Name("controlled");
        await using var troupe = Troupes.Pool(name);
        await troupe.WhenReadyAsync().WaitAsync(Site.Deadline);
        await using var site = await OpenAsync(name);
        var (id, token) = await LookAsync(site);
        await AssertDoneAsync(site, token, new { troupe = id, action = "recycle", worker = 0 });
        await Until.TrueAsync(() => troupe.Snapshot().Workers.Any(worker => worker.Restarts == 1), "another worker");
        var text = await AssertRefusedAsync(site, token, HttpStatusCode.Conflict, new { troupe = id, action = "recycle", worker = 7 });
        Assert.That(text, Is.EqualTo("No worker lives at that place at the moment.\n"));
    }

    [Test]
    public async Task Cancel_TheLongestTask_EndsThatVeryTask()
    {
        var clock = new CountingClock();
        var name = Troupes.Name("controlled");
        await using var troupe = new TinyTroupe<int, int>(
            async (int x, CancellationToken token) =>
            {
                await Task.Delay(Timeout.Infinite, token);
                return x;
            },
            new PoolTroupeOptions { Name = name, Workers = 1 });
        var task = troupe.Submit(1);
        await Until.TrueAsync(() => task.Status == TinyFutureStatus.Running, "it runs");
        await using var site = await OpenAsync(name, clock);
        await using var viewer = await Viewer.OpenAsync(site, user: "ann");
        for (var i = 0; i < 5; i++)
        {
            await viewer.TickAsync();
            clock.Advance(1);
        }

        await viewer.TickAsync();
        var (id, token) = await LookAsync(site);
        var longest = (await LookTests.StateAsync(site, user: "ann")).Troupes.Single().Longest!;
        await AssertRefusedAsync(
            site, token, HttpStatusCode.Conflict, new { troupe = id, action = "cancel", worker = longest.Worker, task = longest.Task + 1 });
        Assert.That(task.IsCompleted, Is.False);
        await AssertDoneAsync(site, token, new { troupe = id, action = "cancel", worker = longest.Worker, task = longest.Task });
        await Assert.ThrowsAsync<TaskCanceledException>(() => task.AsTask().WaitAsync(Site.Deadline));
        var text = await AssertRefusedAsync(
            site, token, HttpStatusCode.Conflict, new { troupe = id, action = "cancel", worker = longest.Worker, task = longest.Task });
        Assert.That(text, Does.StartWith("That task does not run any more"));
    }

    [TestCase("""{"action":"pause"}""", "must name a troupe")]
    [TestCase("""{"troupe":ID}""", "The action must be pause")]
    [TestCase("""{"troupe":ID,"action":"explode"}""", "The action must be pause")]
    [TestCase("""{"troupe":ID,"action":"resize"}""", "takes a number of workers")]
    [TestCase("""{"troupe":ID,"action":"recycle"}""", "takes its index")]
    [TestCase("""{"troupe":ID,"action":"cancel","task":1}""", "takes the index of its worker")]
    [TestCase("""{"troupe":"x"}""", "must be JSON")]
    [TestCase("""{"troupe":""", "must be JSON")]
    [TestCase("null", "must be JSON")]
    [TestCase("", "must be JSON")]
    [TestCase("LONG", "must be JSON")]
    public async Task Request_ThatCannotBe_IsToldWhy(string body, string expected)
    {
        var name = Troupes.Name("controlled");
        await using var troupe = Troupes.Pool(name);
        await using var site = await OpenAsync(name);
        var (id, token) = await LookAsync(site);
        body = body.Replace("ID", id.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("LONG", new string(' ', 2000) + "{}", StringComparison.Ordinal);
        using var response = await PostAsync(site, token, new StringContent(body, Encoding.UTF8, "application/json"));
        await Assert.MultipleAsync(async () =>
        {
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
            Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain(expected));
        });
    }

    [TestCase("recycle", -1)]
    [TestCase("recycle", int.MinValue)]
    [TestCase("recycle", int.MaxValue)]
    [TestCase("resize", int.MinValue)]
    [TestCase("resize", int.MaxValue)]
    [TestCase("cancel", -1)]
    [TestCase("cancel", int.MaxValue)]
    public async Task Request_NumberOutOfRange_IsRefused(string action, int number)
    {
        var name = Troupes.Name("controlled");
        await using var troupe = Troupes.Pool(name);
        await using var site = await OpenAsync(name);
        var (id, token) = await LookAsync(site);
        var order = new { troupe = id, action, workers = number, worker = number, task = long.MinValue };
        await AssertRefusedAsync(
            site, token, action == "resize" ? HttpStatusCode.BadRequest : HttpStatusCode.Conflict, order);
        Assert.That(troupe.Workers, Is.EqualTo(1));
    }

    [Test]
    public async Task Request_OfATroupeThatIsGoneOrHidden_IsNotFound()
    {
        var name = Troupes.Name("controlled");
        await using var hidden = Troupes.Pool(Troupes.Name("hidden"));
        int id;
        await using var site = await OpenAsync(name);
        string token;
        await using (Troupes.Pool(name)) (id, token) = await LookAsync(site);
        foreach (var one in new[] { id, TinyWorker.Dashboard.Sampling.TroupeIds.Of(hidden), int.MaxValue })
            await AssertRefusedAsync(site, token, HttpStatusCode.NotFound, new { troupe = one, action = "pause" });
        Assert.That(hidden.IsPaused, Is.False);
    }

    [Test]
    public async Task Request_WithoutTheTokenOfItsUser_IsRefused()
    {
        var name = Troupes.Name("controlled");
        await using var troupe = Troupes.Pool(name);
        await using var site = await OpenAsync(name);
        var (id, ofAnn) = await LookAsync(site);
        var ofBob = (await LookTests.StateAsync(site, user: "bob")).Token!;
        Assert.That(ofBob, Is.Not.EqualTo(ofAnn));
        foreach (var token in new[] { null, "", "x", ofBob, ofAnn + "x" })
            await AssertRefusedAsync(site, token, HttpStatusCode.Forbidden, new { troupe = id, action = "pause" });
        Assert.That(troupe.IsPaused, Is.False);
    }

    // A token belongs to its process, and in it to its dashboard: another one has other troupes under the same ids.
    [Test]
    public async Task Request_WithTheTokenOfAnotherApplication_IsRefused()
    {
        var name = Troupes.Name("controlled");
        await using var troupe = Troupes.Pool(name);
        await using var site = await OpenAsync(name);
        await using var other = await OpenAsync(name);
        var (id, token) = await LookAsync(other);
        await AssertRefusedAsync(site, token, HttpStatusCode.Forbidden, new { troupe = id, action = "pause" });
    }

    [TestCase("Sec-Fetch-Site", "cross-site")]
    [TestCase("Sec-Fetch-Site", "same-site")]
    [TestCase("Origin", "http://example.com")]
    [TestCase("Origin", "null")]
    public async Task Request_OfAnotherSite_IsRefusedWithWhateverToken(string header, string value)
    {
        var name = Troupes.Name("controlled");
        await using var troupe = Troupes.Pool(name);
        await using var site = await OpenAsync(name);
        var (id, token) = await LookAsync(site);
        using var response = await PostAsync(
            site, token, JsonContent.Create(new { troupe = id, action = "pause" }), request => request.Headers.Add(header, value));
        Assert.Multiple(() =>
        {
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
            Assert.That(troupe.IsPaused, Is.False);
        });
    }

    // What a form of another site can send.
    [TestCase("text/plain")]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("multipart/form-data")]
    public async Task Request_OfAnotherType_IsRefused(string type)
    {
        var name = Troupes.Name("controlled");
        await using var troupe = Troupes.Pool(name);
        await using var site = await OpenAsync(name);
        var (id, token) = await LookAsync(site);
        var body = $$"""{"troupe":{{id}},"action":"pause"}""";
        using var response = await PostAsync(site, token, new StringContent(body, Encoding.UTF8, type));
        Assert.Multiple(() =>
        {
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
            Assert.That(troupe.IsPaused, Is.False);
        });
    }

    [Test]
    public async Task Control_IsNotAllowed_HasNoEndpointAndNoToken()
    {
        await using var site = await Site.ForUsersAsync();
        using var response = await PostAsync(site, "x", JsonContent.Create(new { troupe = 1, action = "pause" }));
        var state = await LookTests.StateAsync(site, user: "ann");
        Assert.Multiple(() =>
        {
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
            Assert.That((state.MayControl, state.Token), Is.EqualTo((false, (string?)null)));
        });
    }

    [Test]
    public async Task Get_OfControl_IsNotAllowed()
    {
        await using var site = await OpenAsync("nothing");
        using var response = await site.GetAsync("/troupes/control", user: "ann");
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
    }

    private static Task<Site> OpenAsync(string name, TimeProvider? clock = null) => Site.ForUsersAsync(
        options =>
        {
            options.AllowControl = true;
            options.Filter = one => one == name;
        },
        clock);

    private static async Task<(int Id, string Token)> LookAsync(Site site)
    {
        var state = await LookTests.StateAsync(site, user: "ann");
        Assert.That(state.MayControl, Is.True);
        return (state.Troupes.Single().Id, state.Token!);
    }

    private static Task<HttpResponseMessage> PostAsync(
        Site site, string? token, HttpContent content, Action<HttpRequestMessage>? change = null) =>
        site.SendAsync(
            HttpMethod.Post, "/troupes/control",
            request =>
            {
                request.Content = content;
                if (token is not null) request.Headers.Add("RequestVerificationToken", token);
                change?.Invoke(request);
            },
            "ann");

    private static async Task AssertDoneAsync(Site site, string token, object order)
    {
        using var response = await PostAsync(site, token, JsonContent.Create(order));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NoContent), () => response.Content.ReadAsStringAsync().Result);
    }

    private static async Task<string> AssertRefusedAsync(Site site, string? token, HttpStatusCode status, object order)
    {
        using var response = await PostAsync(site, token, JsonContent.Create(order));
        var text = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(status), text);
        return text;
    }
}
