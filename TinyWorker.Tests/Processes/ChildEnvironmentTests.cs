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
        Assert.That((await child.Exit()).Code, Is.Zero);
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
        Assert.That((await child.Exit()).Code, Is.Zero);
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

    [Test]
    public void Program_StartedAsAChildOfAnotherBuild_IsToldToRestartTheParent()
    {
        var marks = Marks();
        marks[0] = $"{Guid.NewGuid():N}";
        Assert.That(() => RunAsChild(marks), Throws.InvalidOperationException.With.Message.Contains("'clown' has another build of TinyWorker"));
        Assert.That(Environment.GetEnvironmentVariable(ChildMarks.Variable), Is.Null);
    }

    [Test]
    public void Program_StartedAsAChildToServeWhatIsNotThere_DoesNotEvenConnect()
    {
        var marks = Marks();
        marks[4] = "NoSuchMethod";
        Assert.That(() => RunAsChild(marks), Throws.TypeOf<MissingMethodException>());
    }

    [Test]
    public void Program_WithAVariableOfAChildThatIsNone_IsToldToRemoveIt() =>
        Assert.That(() => RunAsChild(["1"]), Throws.InvalidOperationException.With.Message.Contains(ChildMarks.Variable).And.Message.Contains("remove it"));

    // Build, socket, secret, type, method, name, hooks.
    private static string[] Marks()
    {
        var environment = new Dictionary<string, string?>();
        using var socket = PrivateSocket.Open();
        ChildMarks.Put(environment, socket, new ChildStart("clown", Serves.Idle), hook: null);
        return environment[ChildMarks.Variable]!.Split('\n');
    }

    private static void RunAsChild(string[] marks)
    {
        Environment.SetEnvironmentVariable(ChildMarks.Variable, string.Join('\n', marks));
        try
        {
            ChildHost.RunIfWorker();
        }
        finally
        {
            Environment.SetEnvironmentVariable(ChildMarks.Variable, null);
        }
    }
}
