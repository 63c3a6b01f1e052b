using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker.Tests.Processes;

[NonParallelizable]   // the variables of this process
[Platform("Linux", Reason = "What is seen of processes is seen in /proc.")]
internal sealed class ChildEnvironmentTests
{
    private const string Inherited = "TINYWORKER_TEST_INHERITED";
    private const string Removed = "TINYWORKER_TEST_REMOVED";
    private const string Added = "TINYWORKER_TEST_ADDED";

    [Test]
    public async Task Child_WithAnEnvironmentOfItsOwn_HasItAndHandsItOnWithoutTheMarksOfAWorker()
    {
        Environment.SetEnvironmentVariable(Inherited, "a");
        Environment.SetEnvironmentVariable(Removed, "b");
        try
        {
            await using var child = await Child.StartAsync(Serves.TellEnvironment, with: start => start with
            {
                Environment = new Dictionary<string, string?> { [Removed] = null, [Added] = "c=d" },
            });
            var views = (await child.Told()).Split('\0').Select(view => view.Split('\n')).ToArray();
            Assert.That(views, Has.Length.EqualTo(3));
            foreach (var variables in views)
            {
                Assert.That(variables, Has.Member(Inherited + "=a").And.Member(Added + "=c=d"));
                foreach (var absent in new[] { Removed, ChildMarks.Variable, ChildMarks.HooksVariable })
                    Assert.That(variables, Has.None.StartWith(absent));
            }
        }
        finally
        {
            Environment.SetEnvironmentVariable(Inherited, null);
            Environment.SetEnvironmentVariable(Removed, null);
        }
    }

    [Test]
    public async Task Child_OfAProgramWithAStartupHookOfItsOwn_RunsAndKeepsItToo()
    {
        var own = typeof(TestHook).Assembly.GetName().Name!;
        await using var child = await Child.StartAsync(Serves.TellEnvironment, with: start => start with
        {
            Environment = new Dictionary<string, string?> { [ChildMarks.HooksVariable] = own },
        });
        var views = (await child.Told()).Split('\0').Select(view => view.Split('\n')).ToArray();
        Assert.That(views[0], Has.Member($"{TestHook.Variable}={TestHook.Done}"));
        Assert.That(views[0], Has.Member($"{ChildMarks.HooksVariable}={own}"));
        Assert.That(views[1], Has.Member($"{ChildMarks.HooksVariable}={own}"));
    }

    [Test]
    public async Task Child_OfAProgramThatAToolHasStarted_DoesNotWaitForTheTool()
    {
        const string variable = "DOTNET_DiagnosticPorts";
        Environment.SetEnvironmentVariable(variable, Path.Combine(Path.GetTempPath(), "no-such-tool.sock,suspend"));
        try
        {
            await using var child = await Child.StartAsync(Serves.TellPlace);
            Assert.That(await child.Told(), Is.Not.Empty);
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
    }

    [Test]
    public async Task Program_ThatHasSwitchedStartupHooksOff_IsToldToLetWorkersIn()
    {
        await using var child = await Child.StartAsync(Serves.TellWhetherItCanHaveChildren);
        var told = (await child.Told()).Split('\0');
        Assert.That(told[0], Does.Contain("switched them off").And.Contain("TinyTroupeHost.RunIfWorker()"));
        Assert.That(told[0], Does.Contain("PublishAot").And.Contain("#:property PublishAot=false"));
        Assert.That(told[1], Is.EqualTo("can"));
    }

    [Test]
    public void Program_ThatWasStartedAsAChildButRunsItsMain_IsToldWhatItLacks()
    {
        Environment.SetEnvironmentVariable(ChildMarks.Variable, "left");
        try
        {
            var refusal = Assert.Throws<InvalidOperationException>(() => ChildCommand.ForThisProgram());
            Assert.That(refusal!.Message, Does.Contain("TinyTroupeHost.RunIfWorker()"));
        }
        finally
        {
            Environment.SetEnvironmentVariable(ChildMarks.Variable, null);
        }
    }
}
